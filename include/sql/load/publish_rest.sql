-- publish_rest: the aggregates, boundaries, rejected reports, months and the status. From: staging, ops.loads.
-- Rows that are the same stay untouched. A row as text is null-safe and can be hashed.

delete from mart.crimes_per_year as old
where old::text in (
    select gone.*::text from (
        select * from mart.crimes_per_year
        except
        select * from staging.crimes_per_year
    ) as gone
);

insert into mart.crimes_per_year (
    occurred_year,
    report_count,
    with_status_count,
    cleared_count,
    clearance_rate_pct,
    with_status_pct,
    is_complete
)
select
    occurred_year,
    report_count,
    with_status_count,
    cleared_count,
    clearance_rate_pct,
    with_status_pct,
    is_complete
from staging.crimes_per_year
except
select
    occurred_year,
    report_count,
    with_status_count,
    cleared_count,
    clearance_rate_pct,
    with_status_pct,
    is_complete
from mart.crimes_per_year;

delete from mart.crimes_per_hour as old
where old::text in (
    select gone.*::text from (
        select * from mart.crimes_per_hour
        except
        select * from staging.crimes_per_hour
    ) as gone
);

insert into mart.crimes_per_hour (
    occurred_hour,
    report_count,
    report_pct
)
select
    occurred_hour,
    report_count,
    report_pct
from staging.crimes_per_hour
except
select
    occurred_hour,
    report_count,
    report_pct
from mart.crimes_per_hour;

delete from mart.top_crimes as old
where old::text in (
    select gone.*::text from (
        select * from mart.top_crimes
        except
        select * from staging.top_crimes
    ) as gone
);

insert into mart.top_crimes (
    crime_rank,
    crime_type,
    report_count,
    report_pct,
    with_status_count,
    cleared_count,
    clearance_rate_pct
)
select
    crime_rank,
    crime_type,
    report_count,
    report_pct,
    with_status_count,
    cleared_count,
    clearance_rate_pct
from staging.top_crimes
except
select
    crime_rank,
    crime_type,
    report_count,
    report_pct,
    with_status_count,
    cleared_count,
    clearance_rate_pct
from mart.top_crimes;

delete from mart.crimes_per_area as old
where old::text in (
    select gone.*::text from (
        select * from mart.crimes_per_area
        except
        select * from staging.crimes_per_area
    ) as gone
);

insert into mart.crimes_per_area (
    council_district,
    district_name,
    report_count,
    report_pct,
    with_status_count,
    cleared_count,
    clearance_rate_pct,
    boundary_geojson
)
select
    council_district,
    district_name,
    report_count,
    report_pct,
    with_status_count,
    cleared_count,
    clearance_rate_pct,
    boundary_geojson
from staging.crimes_per_area
except
select
    council_district,
    district_name,
    report_count,
    report_pct,
    with_status_count,
    cleared_count,
    clearance_rate_pct,
    boundary_geojson
from mart.crimes_per_area;

delete from mart.crimes_per_month as old
where old::text in (
    select gone.*::text from (
        select * from mart.crimes_per_month
        except
        select * from staging.crimes_per_month
    ) as gone
);

insert into mart.crimes_per_month (
    occurred_month,
    crime_type,
    council_district,
    report_count,
    with_status_count,
    cleared_count
)
select
    occurred_month,
    crime_type,
    council_district,
    report_count,
    with_status_count,
    cleared_count
from staging.crimes_per_month
except
select
    occurred_month,
    crime_type,
    council_district,
    report_count,
    with_status_count,
    cleared_count
from mart.crimes_per_month;

delete from mart.council_districts as old
where old::text in (
    select gone.*::text from (
        select * from mart.council_districts
        except
        select * from staging.council_districts
    ) as gone
);

insert into mart.council_districts (
    council_district,
    district_name,
    boundary_geojson
)
select
    council_district,
    district_name,
    boundary_geojson
from staging.council_districts
except
select
    council_district,
    district_name,
    boundary_geojson
from mart.council_districts;

create temporary table rejects_then on commit drop as
select
    next_rejects.source_row_id,
    next_rejects.source_updated_at,
    next_rejects.source_month,
    next_rejects.incident_id,
    next_rejects.reason,
    next_rejects.occurred_date,
    next_rejects.crime_type,
    next_rejects.council_district,
    next_rejects.raw,
    coalesce(next_rejects.load_id, loads.load_id) as load_id
from staging.rejects_next as next_rejects
cross join ops.loads as loads
where loads.status = 'running';

delete from ops.rejected_reports;

insert into ops.rejected_reports (
    source_row_id,
    source_updated_at,
    source_month,
    incident_id,
    reason,
    occurred_date,
    crime_type,
    council_district,
    raw,
    load_id
)
select
    source_row_id,
    source_updated_at,
    source_month,
    incident_id,
    reason,
    occurred_date,
    crime_type,
    council_district,
    raw,
    load_id
from rejects_then;

delete from ops.source_months;

insert into ops.source_months (source_month, portal_report_count, newest_updated_at, newest_count, late_count, load_id)
select
    month.source_month,
    month.portal_count,
    month.newest_updated_at,
    month.newest_count,
    month.late_count,
    loads.load_id
from staging.months as month
cross join ops.loads as loads
where
    loads.status = 'running'
    and month.portal_count > 0;

update ops.loads set
    rejected_count = (select count(*) from ops.rejected_reports),
    portal_report_count = (select sum(month.portal_count) from staging.months as month),
    fetched_count = (select coalesce(sum(batches.landed_count), 0) from staging.batches),
    batch_count = (select count(*) from staging.batches)
where status = 'running';

-- Its only row, should somebody have deleted it.
insert into mart.data_status (is_empty, report_count, rejected_count, notice)
values (true, 0, 0, '')
on conflict (is_only_row) do nothing;

update mart.data_status set
    is_empty = false,
    is_sample = loads.is_sample,
    source_url = loads.source_url,
    load_id = loads.load_id,
    report_count = totals.report_count,
    rejected_count = loads.rejected_count,
    portal_report_count = loads.portal_report_count,
    newest_report_date = totals.newest_report_date,
    newest_report_at = totals.newest_report_at,
    portal_updated_at = loads.portal_updated_at,
    published_at = now(),
    notice = case
        when loads.is_sample
            then
                'Sample data: these reports are invented. They show how the warehouse works and say nothing about Austin.'
        else 'Police reports of the City of Austin as published on its open data portal.'
    end
from ops.loads
cross join (
    select
        count(*) as report_count,
        max(reported_date) as newest_report_date,
        max(reported_at) as newest_report_at
    from mart.crimes
) as totals
where loads.status = 'running';

update ops.loads set
    status = 'published',
    finished_at = now(),
    last_seen_at = now(),
    message = 'Published: ' || loads.added_count || ' added, ' || loads.edited_count || ' edited, '
    || loads.removed_count || ' removed; ' || status.report_count || ' reports live, '
    || loads.rejected_count || ' rejected.'
from mart.data_status as status
where loads.status = 'running';

-- publish_status: the months, the load and mart.data_status, after all else is published. From: staging, ops.
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

-- Its only row, if somebody has deleted it.
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
    newest_report_date = newest.report_date,
    newest_report_at = newest.report_at,
    portal_updated_at = loads.portal_updated_at,
    published_at = now(),
    notice = case
        when loads.is_sample
            then
                'Sample data: these reports are invented. They show how the warehouse works and say nothing about Austin.'
        else 'Police reports of the City of Austin as published on its open data portal.'
    end
from ops.loads
cross join (select count(*) as report_count from mart.crimes) as totals
left join (
    select
        profile.load_id,
        profile.newest_date as report_date,
        (select max(crimes.reported_at) from mart.crimes where crimes.reported_at < profile.newest_date + 1) as report_at
    from ops.column_profiles as profile
    where profile.column_name = 'reported_date'
) as newest using (load_id)
where loads.status = 'running';

update ops.loads set
    status = 'published',
    finished_at = now(),
    last_seen_at = now(),
    message = format(
        'Published: %s added, %s edited, %s removed; %s reports live, %s rejected.',
        to_char(loads.added_count, 'FM999,999,999'), to_char(loads.edited_count, 'FM999,999,999'),
        to_char(loads.removed_count, 'FM999,999,999'), to_char(status.report_count, 'FM999,999,999'),
        to_char(loads.rejected_count, 'FM999,999,999')
    )
from mart.data_status as status
where loads.status = 'running';

-- views of dashboards: freshness, changes, and how to check a number at the portal. They were changed after warehouses had
-- applied 025_dashboards.sql, and those get them here.
drop view if exists mart.freshness, mart.changes, mart.check_yourself;

create view mart.freshness as
with last_load as (
    select
        loads.load_id,
        loads.status,
        loads.message,
        loads.finished_at
    from ops.loads as loads
    where loads.status <> 'running'
    order by loads.started_at desc
    limit 1
),

last_good as (
    select max(loads.finished_at) as finished_at from ops.loads as loads
    where loads.status in ('published', 'unchanged')
),

ages as (
    select
        status.is_empty,
        status.newest_report_at,
        status.published_at,
        status.portal_updated_at,
        last_good.finished_at as checked_at,
        last_load.status as last_load_status,
        last_load.message as last_load_message,
        floor(extract(epoch from now() - last_good.finished_at) / 3600)::integer as checked_age_hours,
        (now() at time zone 'America/Chicago')::date - status.newest_report_date as newest_report_age_days
    from mart.data_status as status
    cross join last_good
    left join last_load on true
    where status.is_only_row
)

select
    ages.published_at,
    ages.checked_at,
    ages.checked_age_hours,
    ages.newest_report_at,
    ages.newest_report_age_days,
    ages.portal_updated_at,
    ages.last_load_status,
    ages.last_load_message,
    case
        when ages.is_empty then 'No data yet'
        when ages.checked_age_hours is null then 'Not known: no load is recorded that ended well'
        when ages.checked_age_hours >= 36 then 'Late: no load has ended well for ' || ages.checked_age_hours || ' hours'
        when ages.newest_report_age_days is null then 'Not known: no report has a date'
        when ages.newest_report_age_days > 14 then 'Late: the newest report is ' || ages.newest_report_age_days || ' days old'
        when ages.last_load_status not in ('published', 'unchanged') then 'The last load ended ' || ages.last_load_status
        else 'On time'
    end as verdict
from ages;
comment on view mart.freshness is
'One row: how old the published data are at this moment, and whether that is late: no load has ended well for 36 hours, or the newest report is older than two weeks.';
comment on column mart.freshness.published_at is 'When a load published last, UTC.';
comment on column mart.freshness.checked_at is
'When a load ended well last, UTC: it published, or found nothing new at the portal.';
comment on column mart.freshness.checked_age_hours is 'Whole hours since then.';
comment on column mart.freshness.newest_report_at is 'Time of the newest report, Austin wall time.';
comment on column mart.freshness.newest_report_age_days is 'Days from the day of the newest report to today, Austin.';
comment on column mart.freshness.portal_updated_at is 'When the portal says that its rows changed last, UTC.';
comment on column mart.freshness.last_load_status is 'How the last load ended, see ops.loads.';
comment on column mart.freshness.last_load_message is 'Its outcome in a sentence.';
comment on column mart.freshness.verdict is 'On time, or what is late, in words.';

create view mart.changes as
with changes as (
    select
        changes.*,
        -- Of a removed report, the row that was; of others, the row that is.
        case when changes.change = 'removed' then changes.differences end as removed_row,
        case when changes.change = 'edited' then changes.differences end as edits
    from ops.crime_changes as changes
)

select
    changes.load_id,
    loads.finished_at,
    changes.change,
    changes.incident_id,
    coalesce(changes.removed_row ->> 'crime_type', crimes.crime_type) as crime_type,
    coalesce((changes.removed_row ->> 'council_district')::smallint, crimes.council_district) as council_district,
    coalesce((changes.removed_row ->> 'occurred_date')::date, crimes.occurred_date) as occurred_date,
    edits.column_name,
    edits.cell ->> 'old' as old_value,
    edits.cell ->> 'new' as new_value
from changes
inner join ops.loads as loads using (load_id)
left join mart.crimes as crimes using (incident_id)
left join lateral jsonb_each(changes.edits) as edits (column_name, cell) on true
where loads.status = 'published';
comment on view mart.changes is
'One row per report that a load added or removed, and per value that it edited. From ops.crime_changes; the load that filled an empty warehouse is not in it.';
comment on column mart.changes.load_id is 'The load.';
comment on column mart.changes.finished_at is 'When it published, UTC.';
comment on column mart.changes.change is 'added, edited or removed.';
comment on column mart.changes.incident_id is 'Incident number.';
comment on column mart.changes.crime_type is 'Highest offense as of now, null if it was removed since; of a removed report, as it was.';
comment on column mart.changes.council_district is 'City council district as of now, null if it was removed since; of a removed report, as it was.';
comment on column mart.changes.occurred_date is 'Day of occurrence as of now, null if it was removed since; of a removed report, as it was.';
comment on column mart.changes.column_name is 'Edited column of mart.crimes; null for added and removed reports.';
comment on column mart.changes.old_value is 'Value before, as text; null if there was none.';
comment on column mart.changes.new_value is 'Value after, as text; null if there is none.';

create view mart.check_yourself as
with newest as (
    select
        completeness.newest_complete_date as last_date,
        date_trunc('year', completeness.newest_complete_date::timestamp)::date as year_start
    from mart.completeness
),

numbers as (
    select
        1 as place,
        'total' as number_id,
        'All reports' as number_name,
        'Every report since 2003.' as definition,
        null::date as first_date,
        null::date as last_date,
        null::smallint as council_district
    union all
    select
        2 as place,
        'year' as number_id,
        'This year to date' as number_name,
        'Occurred this year, up to the newest complete day.' as definition,
        newest.year_start as first_date,
        newest.last_date,
        null as council_district
    from newest
    union all
    select
        3 as place,
        'year-before' as number_id,
        'The same days of the year before' as number_name,
        'Occurred on the same days of the year before.' as definition,
        (newest.year_start - interval '1 year')::date as first_date,
        (newest.last_date - interval '1 year')::date as last_date,
        null as council_district
    from newest
    union all
    select
        4 as place,
        'months' as number_id,
        'Last 12 months' as number_name,
        'Occurred in the twelve months that end with the newest complete day.' as definition,
        ((newest.last_date - interval '1 year')::date + interval '1 day')::date as first_date,
        newest.last_date,
        null as council_district
    from newest
    union all
    select
        5 as place,
        'week' as number_id,
        'This week' as number_name,
        'Occurred in the seven days that end with the newest complete day.' as definition,
        newest.last_date - 6 as first_date,
        newest.last_date,
        null as council_district
    from newest
    union all
    select
        6 as place,
        'week-before' as number_id,
        'The same weekdays of the year before' as number_name,
        'Occurred in the same seven days 52 weeks before.' as definition,
        newest.last_date - 370 as first_date,
        newest.last_date - 364 as last_date,
        null as council_district
    from newest
    union all
    select
        6 + areas.council_district as place,
        'district-' || areas.council_district as number_id,
        areas.district_name || ', last 12 months' as number_name,
        'Occurred in the district in the same twelve months.' as definition,
        ((newest.last_date - interval '1 year')::date + interval '1 day')::date as first_date,
        newest.last_date,
        areas.council_district
    from newest
    cross join mart.crimes_per_area as areas
    where areas.council_district is not null
),

conditions as (
    select
        numbers.*,
        concat_ws(
            ' and ',
            'occ_date between ''' || numbers.first_date || 'T00:00:00'' and ''' || numbers.last_date || 'T23:59:59''',
            'council_district=' || numbers.council_district
        ) as portal_condition,
        concat_ws(
            ' and ',
            'occurred_date between ''' || numbers.first_date || ''' and ''' || numbers.last_date || '''',
            'council_district = ' || numbers.council_district
        ) as our_condition
    from numbers
),

days as materialized (
    select
        days.occurred_date,
        days.council_district,
        sum(days.report_count) as report_count
    from mart.crime_counts as days
    inner join newest on days.occurred_date >= newest.year_start - interval '1 year'
    group by days.occurred_date, days.council_district
),

counts as materialized (
    select
        conditions.*,
        case
            when conditions.first_date is null then status.report_count
            else (
                select coalesce(sum(days.report_count), 0)::bigint
                from days
                where
                    days.occurred_date between conditions.first_date and conditions.last_date
                    and (conditions.council_district is null or days.council_district = conditions.council_district)
            )
        end as report_count,
        (
            select count(*)
            from ops.rejects as rejects
            where
                conditions.first_date is null
                or (
                    rejects.occurred_date between conditions.first_date and conditions.last_date
                    and (conditions.council_district is null or rejects.council_district = conditions.council_district)
                )
        ) as rejected_count,
        status.source_url
    from conditions
    cross join mart.data_status as status
    where not status.is_empty
)

select
    counts.place,
    counts.number_id,
    counts.number_name,
    counts.definition,
    counts.report_count,
    counts.rejected_count,
    counts.report_count + counts.rejected_count as portal_report_count,
    'select count(*) from mart.crimes' || coalesce(' where ' || nullif(counts.our_condition, ''), '') as our_query,
    counts.source_url || '/resource/fdj4-gpfu.json?$select=count(*)'
    || coalesce(
        '&$where=' || replace(replace(nullif(counts.portal_condition, ''), ' ', '%20'), '''', '%27'), ''
    ) as portal_query_url
from counts;
comment on view mart.check_yourself is
'One row per headline number: what it counts, its SQL here, and the address at which the city''s own API counts the same. The portal goes on changing: the numbers are equal as of the last load.';
comment on column mart.check_yourself.place is 'Order of the rows.';
comment on column mart.check_yourself.number_id is 'Short name of the number.';
comment on column mart.check_yourself.number_name is 'The number.';
comment on column mart.check_yourself.definition is 'What it counts.';
comment on column mart.check_yourself.report_count is 'Incident reports in mart.crimes.';
comment on column mart.check_yourself.rejected_count is
'Reports that the portal has and mart.crimes leaves out, see ops.rejects.';
comment on column mart.check_yourself.portal_report_count is 'What the portal counts: the sum of the two.';
comment on column mart.check_yourself.our_query is 'SQL that counts the reports here.';
comment on column mart.check_yourself.portal_query_url is 'The city''s own API, asked for the same count.';

comment on table mart.crimes_per_day is
'One row per day of occurrence, crime group and council district with reports: any year by day, for comparisons by the same days. From mart.crimes.';
comment on table mart.crimes_per_month is
'One row per month of occurrence, crime type and council district with reports: what other aggregates and the history are made of. From mart.crimes.';

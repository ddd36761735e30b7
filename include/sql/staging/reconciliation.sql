-- reconciliation: the portal's own counts beside those of what would be published, group by group. From: staging.
create view staging.reconciliation as
with published as (
    select
        'occurred_year' as dimension,
        extract(year from occurred_month)::text as group_key,
        sum(report_count) as report_count
    from staging.next_crimes_per_month
    group by extract(year from occurred_month)
    union all
    select
        'crime_type' as dimension,
        crime_type as group_key,
        sum(report_count) as report_count
    from staging.next_crimes_per_month
    group by crime_type
    union all
    select
        'council_district' as dimension,
        council_district::text as group_key,
        sum(report_count) as report_count
    from staging.next_crimes_per_month
    group by council_district
),

rejected as (
    select
        'occurred_year' as dimension,
        extract(year from occurred_date)::text as group_key,
        count(*) as report_count
    from staging.rejects_next
    group by extract(year from occurred_date)
    union all
    select
        'crime_type' as dimension,
        crime_type as group_key,
        count(*) as report_count
    from staging.rejects_next
    group by crime_type
    union all
    select
        'council_district' as dimension,
        council_district::text as group_key,
        count(*) as report_count
    from staging.rejects_next
    group by council_district
),

sides as (
    select
        dimension,
        group_key,
        report_count as portal_count,
        0 as published_count,
        0 as rejected_count
    from staging.portal_counts
    union all
    select
        dimension,
        group_key,
        0 as portal_count,
        report_count as published_count,
        0 as rejected_count
    from published
    union all
    select
        dimension,
        group_key,
        0 as portal_count,
        0 as published_count,
        report_count as rejected_count
    from rejected
)

select
    sides.dimension,
    sides.group_key,
    sum(sides.portal_count) as portal_count,
    sum(sides.published_count) as published_count,
    sum(sides.rejected_count) as rejected_count
from sides
group by sides.dimension, sides.group_key;
comment on view staging.reconciliation is 'One row per year of occurrence, crime type and council district: portal, published, rejected.';

-- 17 Groups of crime types by year
-- mart.crimes_per_month_and_group is the smallest table for long ranges of time.
select
    extract(year from months.occurred_month) as occurred_year,
    months.crime_group,
    sum(months.report_count) as report_count
from mart.crimes_per_month_and_group as months
where months.occurred_month is not null
group by extract(year from months.occurred_month), months.crime_group
order by occurred_year asc, report_count desc

-- 06 Seasons: an average January, February, ...
-- mart.crimes_per_month is the small table behind most charts: month, crime type and district with their counts.
-- Sum first, by month, and average then; years that are not over would pull some months down.
with months as (
    select
        counts.occurred_month,
        sum(counts.report_count) as report_count
    from mart.crimes_per_month as counts
    inner join mart.crimes_per_year as years
        on
            years.occurred_year = extract(year from counts.occurred_month)
            and years.is_complete
    group by counts.occurred_month
)

select
    extract(month from months.occurred_month) as month_of_year,
    round(avg(months.report_count)) as average_report_count,
    count(*) as years
from months
group by extract(month from months.occurred_month)
order by month_of_year

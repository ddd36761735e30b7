-- types: the ten most common crime types of the last twelve months. From: mart.crime_counts, mart.completeness.
select
    counts.crime_type,
    sum(counts.report_count)::bigint as report_count,
    (100.0 * sum(counts.report_count) / sum(sum(counts.report_count)) over ())::float as report_pct
from mart.crime_counts as counts
cross join mart.completeness
where
    counts.occurred_date > (completeness.newest_complete_date - interval '1 year')::date
    and counts.occurred_date <= completeness.newest_complete_date
group by counts.crime_type
order by sum(counts.report_count) desc, counts.crime_type
limit 10;

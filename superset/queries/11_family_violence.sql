-- 11 Family violence by year
-- A boolean counts with "filter". Where the column is null, nothing was recorded, which is not a no:
-- the share is of those that say one or the other.
select
    extract(year from crimes.occurred_date)::integer as occurred_year,
    count(*) filter (where crimes.is_family_violence) as family_violence_count,
    count(crimes.is_family_violence) as recorded_count,
    round(
        100.0 * count(*) filter (where crimes.is_family_violence) / nullif(count(crimes.is_family_violence), 0), 2
    ) as family_violence_pct
from mart.crimes as crimes
group by extract(year from crimes.occurred_date)
order by occurred_year nulls last

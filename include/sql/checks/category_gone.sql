-- category_gone: published reports of crime types that would disappear, of 100 reports or more. From: mart, staging.
select
    coalesce(held.crime_type, 'without a crime type') as subject,
    held.report_count as observed
from mart.top_crimes as held
where
    held.report_count >= 100
    and not exists (
        select 1 from staging.top_crimes as next_crimes
        where next_crimes.crime_type is not distinct from held.crime_type
    );

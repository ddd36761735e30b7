-- checks: the headline numbers that a reader can check, without those of single districts. From: mart.check_yourself.
select
    numbers.number_id,
    numbers.number_name,
    numbers.definition,
    numbers.report_count,
    numbers.our_query,
    numbers.portal_query_url
from mart.check_yourself as numbers
where numbers.number_id not like 'district-%'
order by numbers.place;

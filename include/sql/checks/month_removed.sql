-- month_removed: published reports of months that would disappear, of 100 reports or more. From: staging.
select
    coalesce(to_char(held.source_month, 'YYYY-MM'), 'without a date') as subject,
    held.report_count as observed
from staging.held_months as held
inner join staging.months as month on held.source_month is not distinct from month.source_month
where month.portal_count = 0 and held.report_count >= 100;

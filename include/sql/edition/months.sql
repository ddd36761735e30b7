-- months: the five months whose counts the published load changed most. From: ops.month_changes, mart.data_status.
select
    changes.occurred_month,
    sum(changes.report_count_change)::bigint as report_count_change
from ops.month_changes as changes
inner join mart.data_status as status using (load_id)
where changes.occurred_month is not null
group by changes.occurred_month
having sum(changes.report_count_change) <> 0
order by abs(sum(changes.report_count_change)) desc, changes.occurred_month desc
limit 5;

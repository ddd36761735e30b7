-- crimes_per_weekday_hour: what the load adds to it. From: staging.count_changes.
insert into staging.crimes_per_weekday_hour (
    occurred_month, occurred_weekday, occurred_hour, is_default_time, report_count
)
select
    changes.occurred_month,
    extract(isodow from changes.occurred_date)::smallint as occurred_weekday,
    changes.occurred_hour,
    changes.is_default_time,
    sum(changes.report_count) as report_count
from staging.count_changes as changes
group by
    changes.occurred_month,
    extract(isodow from changes.occurred_date)::smallint,
    changes.occurred_hour,
    changes.is_default_time
having sum(changes.report_count) <> 0;

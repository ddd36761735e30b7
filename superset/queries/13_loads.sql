-- 13 The last loads, and how they ended
-- ops.loads has one row per load, also of those that found nothing new or failed: message says what happened.
-- Times of loads are UTC.
select
    loads.started_at,
    loads.status,
    loads.message,
    loads.fetched_count,
    loads.finished_at - loads.started_at as duration
from ops.loads as loads
order by loads.started_at desc
limit 50

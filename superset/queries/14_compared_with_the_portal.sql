-- 14 The portal's own counts beside ours
-- Every load compares what it publishes with the portal's counts by year, crime type and district. What the
-- portal has is what is published and what was rejected (ops.rejects says why).
select
    counted.dimension,
    counted.group_key,
    counted.portal_count,
    counted.published_count,
    counted.rejected_count,
    counted.is_equal
from ops.reconciliations as counted
inner join mart.data_status as status using (load_id)
order by counted.is_equal asc, counted.dimension asc, counted.portal_count desc

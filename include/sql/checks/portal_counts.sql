-- portal_counts: groups in which published plus rejected is not the portal's own count. From: ops.reconciliations.
select
    dimensions.dimension as subject,
    count(*) filter (where not reconciliations.is_equal)
    -- A portal that counts nothing at all has not been compared with.
    + case when coalesce(sum(reconciliations.portal_count), 0) = 0 and loads.portal_report_count > 0 then 1 else 0 end
        as observed
from (values ('occurred_year'), ('crime_type'), ('council_district')) as dimensions (dimension)
cross join ops.loads as loads
left join ops.reconciliations as reconciliations
    on dimensions.dimension = reconciliations.dimension and loads.load_id = reconciliations.load_id
where loads.status = 'running'
group by dimensions.dimension, loads.portal_report_count;

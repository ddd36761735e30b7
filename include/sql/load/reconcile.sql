-- reconcile: keep how the portal's own counts compare with those of what would be published. From: staging.reconciliation.
delete from ops.reconciliations
where load_id in (select loads.load_id from ops.loads as loads where loads.status = 'running');

insert into ops.reconciliations (load_id, dimension, group_key, portal_count, published_count, rejected_count)
select
    loads.load_id,
    compared.dimension,
    compared.group_key,
    compared.portal_count,
    compared.published_count,
    compared.rejected_count
from staging.reconciliation as compared
cross join ops.loads as loads
where loads.status = 'running';

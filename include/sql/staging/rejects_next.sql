-- rejects_next: ops.rejected_reports as the running load would publish it. {columns}: all but the load. From: ops, staging.
create view staging.rejects_next as
select
    {columns},
    held.load_id
from ops.rejected_reports as held
where
    not exists (
        select 1 from staging.months as month
        where
            month.kind in ('whole', 'vanished')
            and month.source_month is not distinct from held.source_month
    )
    and not exists (
        select 1 from staging.crimes as staged
        where staged.source_row_id = held.source_row_id
    )
    and not exists (
        select 1 from staging.rejected_reports as staged
        where staged.source_row_id = held.source_row_id
    )
union all
select
    {columns},
    (select running.load_id from ops.loads as running where running.status = 'running') as load_id
from staging.rejected_reports;
comment on view staging.rejects_next is 'ops.rejected_reports as this load will publish it.';

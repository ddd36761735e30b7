-- find_changes: what publishing changes in mart.crimes, by key, into staging.changes. From: mart.crimes, staging.
-- Every row of staging.crimes is published: duplicates are not in it, and a held report with its key is replaced. An empty
-- mart.crimes is filled, so that nothing is compared.
-- {staged_content}, {held_content}: all columns but the key, the portal's id and its stamp.
truncate staging.changes;

insert into staging.changes (incident_id, change)
select
    replaced.incident_id,
    'removed' as change
from staging.replaced_crimes as replaced
where
    not exists (
        select 1 from staging.crimes as staged
        where staged.incident_id = replaced.incident_id
    )
union all
select
    staged.incident_id,
    'added' as change
from staging.crimes as staged
where
    exists (select 1 from mart.crimes)
    and not exists (
        select 1 from staging.replaced_crimes as replaced
        where replaced.incident_id = staged.incident_id
    );

-- A report with the same content is written for its new id and stamp, but not in a month that was mostly rewritten.
insert into staging.changes (incident_id, change)
with compared as materialized (
    select
        staged.incident_id,
        staged.source_month,
        (({staged_content}) is distinct from ({held_content})) as has_new_content,
        (
            (staged.source_row_id, staged.source_updated_at)
            is distinct from (held.source_row_id, held.source_updated_at)
        ) as has_new_source
    from staging.crimes as staged
    -- One by one by their key, not by reading all of mart.crimes: that would take longer the more the warehouse holds.
    cross join
        lateral (
            select every_crime.* from mart.crimes as every_crime
            where every_crime.incident_id = staged.incident_id
            offset 0 -- noqa: AM09
        ) as held
    where exists (select 1 from mart.crimes)
)

select
    compared.incident_id,
    case when compared.has_new_content then 'edited' else 'source edited' end as change
from compared
where
    compared.has_new_content
    or (
        compared.has_new_source
        and not exists (
            select 1 from staging.months as month
            where
                month.is_mostly_new
                and month.source_month is not distinct from compared.source_month
        )
    );

analyze staging.changes;

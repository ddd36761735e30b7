-- find_changes: what differs from mart.crimes by key, into the temporary tables removed and changed. From: staging.
-- Every row of staging.crimes is published: duplicates are not in it, and held duplicates are replaced.
-- {staged_content}, {held_content}: all columns but the key, the portal's id and its stamp.
create temporary table removed on commit drop as
select replaced.incident_id
from staging.replaced_crimes as replaced
where
    not exists (
        select 1 from staging.crimes as staged
        where staged.incident_id = replaced.incident_id
    );

create temporary table changed on commit drop as
with compared as (
    -- Apart from those that are new: joined to all of them, PostgreSQL would read the whole of mart.crimes into memory.
    select
        staged.incident_id,
        staged.source_month,
        false as is_added,
        (({staged_content}) is distinct from ({held_content})) as has_new_content,
        (
            (staged.source_row_id, staged.source_updated_at)
            is distinct from (held.source_row_id, held.source_updated_at)
        ) as has_new_source
    from staging.crimes as staged
    inner join mart.crimes as held using (incident_id)
    union all
    select
        staged.incident_id,
        staged.source_month,
        true as is_added,
        true as has_new_content,
        true as has_new_source
    from staging.crimes as staged
    where not exists (
        select 1 from mart.crimes as held
        where held.incident_id = staged.incident_id
    )
)

-- A report with the same content is written for its new id and stamp, but not in a month that was mostly rewritten.
select
    compared.incident_id,
    case
        when compared.is_added then 'added'
        when compared.has_new_content then 'edited'
        else 'source edited'
    end as change
from compared
where
    compared.is_added
    or compared.has_new_content
    or (
        compared.has_new_source
        and not exists (
            select 1 from staging.months as month
            where
                month.is_mostly_new
                and month.source_month is not distinct from compared.source_month
        )
    );

analyze removed;
analyze changed;

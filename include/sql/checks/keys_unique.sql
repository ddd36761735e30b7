-- keys_unique: incident numbers that would occur twice. From: mart.crimes, staging.
-- Held reports have a key each: only reports that come can bear one twice, or that of a held report that is not replaced.
with others as materialized (
    select staged.incident_id
    from staging.crimes as staged
    where not exists (
        select 1 from staging.replaced_crimes as replaced
        where replaced.incident_id = staged.incident_id
    )
)

select
    null as subject,
    (select count(*) - count(distinct staged.incident_id) from staging.crimes as staged)
    + (
        select count(distinct others.incident_id)
        from others
        inner join mart.crimes as held using (incident_id)
    ) as observed;

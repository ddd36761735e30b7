-- resolve: which held reports are replaced, and which rows are duplicates. From: mart.crimes, staging.
-- Replaced are held reports of months that are fetched whole or vanished, and those fetched again (an edited report can come
-- back in another month).
delete from staging.replaced_crimes;

delete from staging.rejected_reports
where batch_id is null;

with returned as (
    delete from staging.duplicate_reports
    returning *
)

insert into staging.crimes
select returned.* from returned;

-- Just filled: without statistics the planner sorts where it should hash.
analyze staging.crimes (incident_id, source_row_id, source_month, occurred_month, crime_type, council_district);

insert into staging.replaced_crimes (incident_id, source_month, source_row_id)
select
    held.incident_id,
    held.source_month,
    held.source_row_id
from staging.months as month
inner join mart.crimes as held on month.source_month = held.source_month
where month.kind in ('whole', 'vanished')
union all
select
    held.incident_id,
    held.source_month,
    held.source_row_id
from staging.months as month
inner join mart.crimes as held on month.source_month is null and held.source_month is null
where month.kind in ('whole', 'vanished');

analyze staging.replaced_crimes;

-- Most reports that are fetched again were just found in their month: only the others are looked for by the portal's id.
with others as materialized (
    select staged.source_row_id
    from staging.crimes as staged
    where
        exists (select 1 from mart.crimes)
        and not exists (
            select 1 from staging.replaced_crimes as replaced
            where replaced.source_row_id = staged.source_row_id
        )
    union
    select rejected.source_row_id
    from staging.rejected_reports as rejected
)

insert into staging.replaced_crimes (incident_id, source_month, source_row_id)
select
    held.incident_id,
    held.source_month,
    held.source_row_id
from mart.crimes as held
inner join others using (source_row_id)
where
    coalesce(held.source_month, 'infinity'::date) not in (
        select coalesce(month.source_month, 'infinity'::date) from staging.months as month
        where month.kind in ('whole', 'vanished')
    );

-- Counting first is three times as fast as grouping, and there are nearly always none.
create temporary table duplicate_keys on commit drop as
select staged.incident_id
from staging.crimes as staged
where
    (
        select count(*) > count(distinct every_staged.incident_id)
        from staging.crimes as every_staged
    )
group by staged.incident_id
having count(*) > 1;

-- A report that was edited during the load can have been fetched twice: the older copy is removed.
with removed as (
    delete from staging.crimes as older
    using staging.crimes as newer, duplicate_keys
    where
        older.incident_id = duplicate_keys.incident_id
        and newer.incident_id = duplicate_keys.incident_id
        and newer.source_row_id = older.source_row_id
        and (newer.source_updated_at, newer.batch_id) > (older.source_updated_at, older.batch_id)
    returning older.batch_id
),

removed_for_reject as (
    delete from staging.crimes as older
    using staging.rejected_reports as newer
    where
        newer.source_row_id = older.source_row_id
        and (newer.source_updated_at, newer.batch_id) > (older.source_updated_at, older.batch_id)
    returning older.batch_id
),

removed_reject as (
    delete from staging.rejected_reports as older
    using staging.crimes as newer
    where
        newer.source_row_id = older.source_row_id
        and (newer.source_updated_at, newer.batch_id) > (older.source_updated_at, older.batch_id)
    returning older.batch_id
),

removed_counts as (
    select
        every_removed.batch_id,
        count(*) as report_count
    from (
        select removed.batch_id from removed
        union all
        select removed_for_reject.batch_id from removed_for_reject
        union all
        select removed_reject.batch_id from removed_reject
    ) as every_removed
    group by every_removed.batch_id
)

update staging.batches set staged_count = batches.staged_count - removed_counts.report_count
from removed_counts
where batches.batch_id = removed_counts.batch_id;

-- Apart from those that replace a held report, which are most.
with others as materialized (
    select staged.incident_id
    from staging.crimes as staged
    where not exists (
        select 1 from staging.replaced_crimes as replaced
        where replaced.incident_id = staged.incident_id
    )
)

insert into duplicate_keys (incident_id)
select others.incident_id
from others
inner join mart.crimes as held using (incident_id);

-- Of several rows of one key the one with the newest stamp is kept, then the one with the greatest id; the others are
-- duplicates, and a held duplicate is replaced.
with ranked as (
    select
        next_crimes.*,
        row_number() over (
            partition by next_crimes.incident_id
            order by next_crimes.source_updated_at desc, next_crimes.source_row_id collate "C" desc
        ) as key_rank
    from staging.crimes_next as next_crimes
    where next_crimes.incident_id in (select duplicate_keys.incident_id from duplicate_keys)
)

insert into staging.rejected_reports (
    source_row_id, source_updated_at, source_month, incident_id, reason, occurred_date, crime_type,
    council_district, raw
)
select
    ranked.source_row_id,
    ranked.source_updated_at,
    ranked.source_month,
    ranked.incident_id,
    'duplicate_key' as reason,
    ranked.occurred_date,
    ranked.crime_type,
    ranked.council_district,
    to_jsonb(ranked) - 'key_rank' as raw
from ranked
where ranked.key_rank > 1;

insert into staging.replaced_crimes (incident_id, source_month, source_row_id)
select distinct
    held.incident_id,
    held.source_month,
    held.source_row_id
from mart.crimes as held
inner join staging.rejected_reports as duplicate using (incident_id, source_row_id)
where
    duplicate.batch_id is null
    and not exists (
        select 1 from staging.replaced_crimes as replaced
        where replaced.incident_id = held.incident_id
    );

with duplicates as (
    delete from staging.crimes as staged
    using staging.rejected_reports as duplicate
    where
        duplicate.batch_id is null
        and duplicate.source_row_id = staged.source_row_id
    returning staged.*
)

insert into staging.duplicate_reports
select duplicates.* from duplicates;

-- The months of duplicates and of the rows kept instead are written with all ids as read, so that no stale id stays.
update staging.months as month set is_mostly_new = false
where
    month.is_mostly_new
    and exists (
        select 1
        from staging.rejected_reports as duplicate
        inner join staging.crimes_next as kept using (incident_id)
        where
            duplicate.batch_id is null
            and (
                month.source_month is not distinct from duplicate.source_month
                or month.source_month is not distinct from kept.source_month
            )
    );

analyze staging.replaced_crimes;
analyze staging.rejected_reports;

-- resolve: which held reports are replaced, and which rows lose their key to a newer one. From: mart.crimes, staging.
-- Held: of months that are fetched whole or gone, or fetched again (an edited report can come back in another month).
delete from staging.replaced_crimes;

delete from staging.rejected_reports
where batch_id is null;

with returned as (
    delete from staging.duplicate_reports
    returning *
)

insert into staging.crimes
select returned.* from returned;

insert into staging.replaced_crimes (incident_id)
select held.incident_id
from staging.months as month
inner join mart.crimes as held on month.source_month = held.source_month
where month.kind in ('whole', 'vanished')
union all
select held.incident_id
from staging.months as month
inner join mart.crimes as held on month.source_month is null and held.source_month is null
where month.kind in ('whole', 'vanished');

insert into staging.replaced_crimes (incident_id)
select held.incident_id
from mart.crimes as held
where
    coalesce(held.source_month, 'infinity'::date) not in (
        select coalesce(month.source_month, 'infinity'::date) from staging.months as month
        where month.kind in ('whole', 'vanished')
    )
    and exists (
        select 1 from staging.crimes as staged
        where staged.source_row_id = held.source_row_id
    );

insert into staging.replaced_crimes (incident_id)
select held.incident_id
from mart.crimes as held
inner join staging.rejected_reports as rejected using (source_row_id)
on conflict do nothing;

-- Just filled: without statistics the planner sorts where it should hash.
analyze staging.crimes (incident_id, source_row_id, source_month, occurred_month, crime_type, council_district);

-- Counting first is three times as fast as grouping, and nearly always the answer is that there are none.
create temporary table twins on commit drop as
select staged.incident_id
from staging.crimes as staged
where
    (
        select count(*) > count(distinct every_staged.incident_id)
        from staging.crimes as every_staged
    )
group by staged.incident_id
having count(*) > 1;

-- A report edited while we read can have come twice: the older reading goes.
with gone as (
    delete from staging.crimes as older
    using staging.crimes as newer, twins
    where
        older.incident_id = twins.incident_id
        and newer.incident_id = twins.incident_id
        and newer.source_row_id = older.source_row_id
        and (newer.source_updated_at, newer.batch_id) > (older.source_updated_at, older.batch_id)
    returning older.batch_id
),

gone_for_reject as (
    delete from staging.crimes as older
    using staging.rejected_reports as newer
    where
        newer.source_row_id = older.source_row_id
        and (newer.source_updated_at, newer.batch_id) > (older.source_updated_at, older.batch_id)
    returning older.batch_id
),

gone_reject as (
    delete from staging.rejected_reports as older
    using staging.crimes as newer
    where
        newer.source_row_id = older.source_row_id
        and (newer.source_updated_at, newer.batch_id) > (older.source_updated_at, older.batch_id)
    returning older.batch_id
),

gone_counts as (
    select
        every_gone.batch_id,
        count(*) as report_count
    from (
        select gone.batch_id from gone
        union all
        select gone_for_reject.batch_id from gone_for_reject
        union all
        select gone_reject.batch_id from gone_reject
    ) as every_gone
    group by every_gone.batch_id
)

update staging.batches set staged_count = batches.staged_count - gone_counts.report_count
from gone_counts
where batches.batch_id = gone_counts.batch_id;

insert into twins (incident_id)
select staged.incident_id
from staging.crimes as staged
inner join mart.crimes as held using (incident_id)
where not exists (
    select 1 from staging.replaced_crimes as replaced
    where replaced.incident_id = held.incident_id
);

-- Of the rows of one key the newest stamp wins, then the greatest id; the held loser counts as replaced.
with ranked as (
    select
        pool.*,
        row_number() over (
            partition by pool.incident_id
            order by pool.source_updated_at desc, pool.source_row_id collate "C" desc
        ) as key_rank
    from staging.crimes_next as pool
    where pool.incident_id in (select twins.incident_id from twins)
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

insert into staging.replaced_crimes (incident_id)
select held.incident_id
from mart.crimes as held
inner join staging.rejected_reports as loser using (incident_id, source_row_id)
where loser.batch_id is null
on conflict do nothing;

with lost as (
    delete from staging.crimes as staged
    using staging.rejected_reports as loser
    where
        loser.batch_id is null
        and loser.source_row_id = staged.source_row_id
    returning staged.*
)

insert into staging.duplicate_reports
select lost.* from lost;

-- A twin keeps no stale id: its months, winner's and losers', are written with the ids that were read.
update staging.months as month set is_mostly_new = false
where
    month.is_mostly_new
    and exists (
        select 1
        from staging.rejected_reports as loser
        inner join staging.crimes_next as winner using (incident_id)
        where
            loser.batch_id is null
            and (
                month.source_month is not distinct from loser.source_month
                or month.source_month is not distinct from winner.source_month
            )
    );

analyze staging.replaced_crimes;
analyze staging.rejected_reports;

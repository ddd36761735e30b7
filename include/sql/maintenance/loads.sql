-- loads: loads that published nothing and ended more than {days} days ago go, unless a row of another table names them
-- ({unnamed}) or they are the newest of their status.
delete from ops.loads as gone
where
    gone.status not in ('published', 'running')
    and gone.finished_at < now() - make_interval(days => {days})
    and gone.started_at < (
        select max(newest.started_at) from ops.loads as newest
        where newest.status = gone.status
    )
    and {unnamed}
returning pg_column_size(gone.*) as byte_count;

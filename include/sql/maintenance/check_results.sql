-- check_results: passed results of loads that ended more than {days} days ago go; those of the load published last stay, and what
-- failed or was accepted.
delete from ops.check_results as gone
using ops.loads as loads
where
    gone.load_id = loads.load_id
    and gone.status = 'passed'
    and loads.finished_at < now() - make_interval(days => {days})
    and loads.load_id is distinct from (
        select last.load_id from ops.loads as last
        where last.status = 'published'
        order by last.finished_at desc
        limit 1
    )
returning pg_column_size(gone.*) as byte_count;

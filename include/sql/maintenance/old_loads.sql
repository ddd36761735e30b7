-- old_loads: loads that ended more than {days} days ago, without the one published last, into a temporary table.
create temporary table old_loads on commit drop as
select load_id
from ops.loads
where
    finished_at < now() - make_interval(days => {days})
    and load_id is distinct from (
        select last.load_id from ops.loads as last
        where last.status = 'published'
        order by last.finished_at desc
        limit 1
    );

-- crime_changes: rows of loads that ended more than {days} days ago go, if a setting says so.
delete from ops.crime_changes as gone
using ops.loads as loads
where
    gone.load_id = loads.load_id
    and loads.finished_at < now() - make_interval(days => {days})
returning pg_column_size(gone.*) as byte_count;

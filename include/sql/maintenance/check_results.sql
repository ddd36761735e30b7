-- check_results: passed results of old loads go; what failed or was accepted stays.
delete from ops.check_results as gone
using old_loads
where
    gone.load_id = old_loads.load_id
    and gone.status = 'passed'
returning pg_column_size(gone.*) as byte_count;

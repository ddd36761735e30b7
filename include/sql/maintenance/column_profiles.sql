-- column_profiles: rows of old loads go, but those of the report date, of which mart.arrivals tells how long the history is.
delete from ops.column_profiles as gone
using old_loads
where
    gone.load_id = old_loads.load_id
    and gone.column_name <> 'reported_date'
returning pg_column_size(gone.*) as byte_count;

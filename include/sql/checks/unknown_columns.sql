-- unknown_columns: columns that the contract does not know. From: ops.source_columns.
select
    string_agg(column_name, ', ' order by column_name) as subject,
    count(*) as observed
from ops.source_columns
where status = 'unknown';

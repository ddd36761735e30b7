-- content_sum: rows of a table, and a sum that tells its content. {table}; {columns}: all but the load. From: mart, ops.
select
    count(*) as row_count,
    coalesce(sum(hashtextextended(row({columns})::text, 0)::numeric), 0) as content_sum
from {table};

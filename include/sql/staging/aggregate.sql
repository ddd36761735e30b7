-- aggregate: the next version of an aggregate in mart. {table}: each of config.AGGREGATES; {name}: its name as text;
-- {next}: its view; {columns}: all of it.
create unlogged table staging.{table} (like mart.{table} including comments)
with (autovacuum_enabled = off);
comment on table staging.{table} is
'The table of this name in mart as this load will publish it, or what is added to it, see staging.added_to.';

create view staging.{next} as
select {columns}
from mart.{table}
where exists (select 1 from staging.added_to where added_to.table_name = {name} and added_to.is_built)
union all
select {columns}
from staging.{table};
comment on view staging.{next} is
'The table of this name in mart as this load will publish it: several rows can have one key, and their counts add up.';

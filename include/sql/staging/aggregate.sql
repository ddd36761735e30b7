-- aggregate: the next version of an aggregate in mart. {table}: each of config.AGGREGATES.
create unlogged table staging.{table} (like mart.{table} including comments)
with (autovacuum_enabled = off);
comment on table staging.{table} is 'The table of this name in mart as this load will publish it.';

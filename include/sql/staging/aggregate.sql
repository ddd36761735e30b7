-- aggregate: what a table of mart will be. {table}: each of config.AGGREGATES.
create unlogged table staging.{table} (like mart.{table} including comments);
comment on table staging.{table} is 'What the table of this name in mart will be.';

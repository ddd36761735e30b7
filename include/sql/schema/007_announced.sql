alter table staging.months add column fetch_count bigint;
comment on column staging.months.fetch_count is
'Reports that the portal announced for what is fetched of the month: all, the newer ones, or none.';
alter table staging.months add column late_count bigint;
comment on column staging.months.late_count is
'Reports of the month that were stamped shortly before the newest :updated_at of the whole dataset; null if not counted.';
alter table ops.source_months add column late_count bigint;
comment on column ops.source_months.late_count is
'Reports of the month that were stamped shortly before the newest :updated_at of the whole dataset; null if not counted.';

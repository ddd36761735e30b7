-- source_months: what was stamped shortly before the newest stamp.
alter table ops.source_months add column late_count bigint;
comment on column ops.source_months.late_count is
'Reports of the month that were stamped shortly before the newest :updated_at of the whole dataset; null if not counted.';

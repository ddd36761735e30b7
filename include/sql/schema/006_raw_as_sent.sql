-- ops.rejected_reports: a duplicate that was published before is fetched again since, so that its JSON is known, too.
comment on column ops.rejected_reports.raw is 'The report as sent, less the columns that are not kept. Not for readers.';

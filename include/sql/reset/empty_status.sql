-- empty_status: mart.data_status after mart.crimes was emptied. {notice}: what a reader should know.
update mart.data_status set
    is_empty = true,
    load_id = null,
    report_count = 0,
    rejected_count = 0,
    portal_report_count = null,
    newest_report_date = null,
    newest_report_at = null,
    portal_updated_at = null,
    published_at = null,
    notice = {notice};

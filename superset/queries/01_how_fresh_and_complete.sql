-- 01 How fresh and complete are the data?
-- mart.data_status has one row. Begin here: it says whether the reports are real, how new they are,
-- and how many the portal has that the warehouse leaves out.
select
    status.notice,
    status.newest_report_date,
    status.published_at,
    status.report_count,
    status.rejected_count,
    status.portal_report_count
from mart.data_status as status

-- ages: how old the reports are that the published load changed. From: ops.change_ages, mart.data_status.
select
    coalesce(sum(ages.report_count) filter (where ages.change = 'added' and ages.age_weeks <= 4), 0)::bigint
        as added_recent_count,
    coalesce(sum(ages.report_count) filter (where ages.change = 'edited' and ages.age_weeks > 52), 0)::bigint as edited_old_count,
    coalesce(sum(ages.report_count) filter (where ages.change = 'cleared'), 0)::bigint as cleared_count
from ops.change_ages as ages
inner join mart.data_status as status using (load_id);

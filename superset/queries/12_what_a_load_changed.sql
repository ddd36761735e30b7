-- 12 Which columns did the last loads edit?
-- ops.crime_changes has what each load added, edited and removed. Of an edited report, differences is
-- {"column": {"old": ..., "new": ...}}: one row per column comes out of jsonb_object_keys.
select
    changes.load_id,
    changes.change,
    edited.column_name,
    count(*) as report_count
from ops.crime_changes as changes
left join lateral jsonb_object_keys(
    case when changes.change = 'edited' then changes.differences end
) as edited (column_name) on true
group by changes.load_id, changes.change, edited.column_name
order by changes.load_id desc, report_count desc
limit 200

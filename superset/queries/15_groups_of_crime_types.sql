-- 15 Groups of crime types, and the rule for each type
-- mart.crime_groups puts every type into one group; the first rule of mart.crime_group_rules that knows its words decides.
-- A type that no rule knows has no rule, and is shown as "Not grouped yet".
select
    crime_groups.crime_class,
    crime_groups.crime_group,
    crime_groups.crime_type,
    crime_groups.report_count,
    rules.reason
from mart.crime_groups as crime_groups
left join mart.crime_group_rules as rules using (rule_rank)
order by crime_groups.crime_class asc, crime_groups.crime_group asc, crime_groups.report_count desc

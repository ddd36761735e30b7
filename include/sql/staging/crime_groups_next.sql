-- crime_groups_next: the group of each type that will be published. From: staging.next_crimes_per_month, mart.crime_group_rules.
create view staging.crime_groups_next as
with types as (
    select
        crimes.crime_type,
        sum(crimes.report_count)::bigint as report_count
    from staging.next_crimes_per_month as crimes
    group by crimes.crime_type
    having sum(crimes.report_count) <> 0
)

select
    types.crime_type,
    coalesce(rules.crime_group, 'Not grouped yet') as crime_group,
    coalesce(rules.crime_class, 'Not grouped yet') as crime_class,
    rules.rule_rank,
    types.report_count
from types
left join lateral (
    select
        every_rule.rule_rank,
        every_rule.crime_group,
        every_rule.crime_class
    from mart.crime_group_rules as every_rule
    where types.crime_type ~* every_rule.type_pattern
    order by every_rule.rule_rank
    limit 1
) as rules on true;
comment on view staging.crime_groups_next is 'One row per crime type with its group, as this load will publish it.';

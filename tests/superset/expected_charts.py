"""What each chart must answer, as SQL on the reports themselves and on what loads recorded.

``{where}`` stands for the filters that reach a chart, ``{year}`` for the same with the last twelve months where no time is
chosen. Columns are those of the chart's answer that are compared; a chart with columns of its own for each series has none, and
is compared as rows of its first column, the series' name, and its number.
"""

from typing import NamedTuple

DISTRICT = "coalesce('District ' || lpad(council_district::text, 2, ' '), 'No district')"
GROUP = "coalesce((select crime_group from mart.crime_groups as g where g.crime_type = crimes.crime_type), 'Not grouped yet')"
NEWEST = "(select max(reported_date) from mart.crimes)"
PERIODS = f"""(values ('Year to date', date_trunc('year', {NEWEST} - 1)::date),
    ('Last 12 months', ({NEWEST} - 1 - interval '1 year')::date + 1)) as periods (period_name, first_date)"""
IN_PERIOD = f"occurred_date between first_date and {NEWEST} - 1"
DEFAULT_TIME = "occurred_time in ('00:00', '00:01', '12:00')"
TIME_STATUS = f"""case when occurred_time is null then 'not known' when {DEFAULT_TIME} then 'midnight or noon exactly'
    else 'known' end"""
WEEK = "date_trunc('week', occurred_date::timestamp)::date"
WEEKDAY = "to_char(occurred_date, 'ID Dy')"
CHANGES = """(select *, (select finished_at from ops.loads where loads.load_id = c.load_id) as finished_at from ops.crime_changes as c
    cross join lateral jsonb_each(case when change = 'edited' then differences else '{{}}' end) as e (column_name, cell)
    inner join mart.crimes using (incident_id)) as edits"""


class Expected(NamedTuple):
    """A chart's SQL, and the columns of its answer that are compared with it."""

    sql: str
    columns: tuple[str, ...] = ()


EXPECTED = {
    "Is it rising?": Expected(
        f"select period_name, count(*) from mart.crimes, {PERIODS} where {IN_PERIOD} group by 1",
        ("period_name", "report_count"),
    ),
    "Reports": Expected("select count(*) from mart.crimes where {where}", ("reports",)),
    "Last 365 days": Expected(
        f"""select ({NEWEST} - ({NEWEST} - occurred_date) / 5 * 5)::timestamp, count(*) from mart.crimes
            where {{where}} and occurred_date > {NEWEST} - 365 group by 1""",
        ("five_days_to", "reports"),
    ),
    "Clearance rate": Expected(
        "select count(*) filter (where clearance_status in ('C', 'O'))::numeric / nullif(count(clearance_status), 0)"
        " from mart.crimes where {where}",
        ("clearance_rate",),
    ),
    "With a status": Expected(
        "select count(clearance_status)::numeric / nullif(count(*), 0) from mart.crimes where {where}",
        ("with_status_share",),
    ),
    "No district": Expected(
        "select count(*) from mart.crimes where {where} and council_district is null", ("without_district",)
    ),
    "Data as of": Expected("select max(reported_date) from mart.crimes", ("data_as_of",)),
    "Months and the usual range": Expected(
        f"""select occurred_month, case when occurred_month = date_trunc('month', {NEWEST}) then 'still running' else 'over' end,
            count(*) from mart.crimes where {{where}} and occurred_month >= date_trunc('month', {NEWEST}) - interval '36 months'
            group by 1, 2"""
    ),
    "Most frequent crimes": Expected(
        "select crime_type, count(*) from mart.crimes where {where} group by 1", ("crime_type", "reports")
    ),
    "Crimes by council district": Expected(
        "select council_district, count(*) from mart.crimes where {where} group by 1",
        ("council_district", "reports"),
    ),
    "Crimes per year": Expected(
        f"""select extract(year from occurred_date)::text, case when extract(year from occurred_date) = extract(year from {NEWEST})
            {{cut}} then 'incomplete year' else 'complete year' end, count(*) from mart.crimes where {{where}} group by 1, 2"""
    ),
    "Crimes per hour of day": Expected(
        f"""select coalesce(to_char(occurred_hour, 'FM00'), 'unknown'), {TIME_STATUS}, count(*) from mart.crimes
            where {{where}} group by 1, 2"""
    ),
    "Map by council district": Expected(
        "select district_name, count(*) from mart.crimes inner join mart.council_districts using (council_district)"
        " where {where} group by 1",
        ("district_name", "reports"),
    ),
    "Crime groups": Expected(
        f"select {GROUP}, count(*) from mart.crimes where {{where}} group by 1", ("crime_group", "reports")
    ),
    "Location types": Expected(
        "select coalesce(location_type, 'unknown'), count(*) from mart.crimes where {year} group by 1",
        ("location_label", "reports"),
    ),
    "Newest reports": Expected(
        "select reported_at from mart.crimes where {where} and reported_at is not null order by reported_at desc limit 10",
        ("reported_at",),
    ),
    "Map of reports": Expected(
        "select district_name, count(*) from mart.crimes inner join mart.council_districts using (council_district)"
        " where {year} group by 1",
        ("district_name", "reports"),
    ),
    "Map of change": Expected(
        f"""select 'District ' || council_district, case when abs(2 * (sqrt(now) - sqrt(before))) >= 3 then sign(now - before) else 0 end
            from (select council_district, count(*) filter (where {IN_PERIOD}) as now,
            count(*) filter (where occurred_date between first_date - interval '1 year' and {NEWEST} - 1 - interval '1 year') as before
            from mart.crimes, {PERIODS} where period_name = 'Last 12 months' and council_district is not null group by 1) as counts""",
        ("district_name", "change_direction"),
    ),
    "Map per 1,000 residents": Expected(
        "select district_name, round(count(*) * 1000.0 / max(resident_count), 1) from mart.crimes"
        " inner join mart.council_districts using (council_district)"
        " inner join mart.district_populations using (council_district) where {year} group by 1",
        ("district_name", "per_1000"),
    ),
    "Districts compared": Expected(
        f"""select coalesce('District ' || council_district, 'No district'), count(*) from mart.crimes, {PERIODS}
            where {IN_PERIOD} and period_name = 'Last 12 months' group by 1""",
        ("area_name", "report_count"),
    ),
    "Per 1,000 residents": Expected(
        f"""select council_district, count(*) from mart.crimes, {PERIODS} where {IN_PERIOD} and period_name = 'Last 12 months'
            and council_district is not null group by 1""",
        ("council_district", "report_count"),
    ),
    "Most frequent places": Expected(
        "select coalesce(location_type, 'unknown'), count(*) from mart.crimes where {year} group by 1",
        ("location_label", "reports"),
    ),
    "Districts and crime groups": Expected(
        f"select {DISTRICT}, {GROUP}, count(*) from mart.crimes where {{year}} group by 1, 2",
        ("district", "crime_group", "reports"),
    ),
    "The week by hour": Expected(
        f"""select to_char(occurred_hour, 'FM00'), {WEEKDAY}, count(*) from mart.crimes
            where {{where}} and {TIME_STATUS} = 'known' group by 1, 2""",
        ("hour", "weekday", "reports"),
    ),
    "Time not known": Expected(
        f"select count(*) filter (where {DEFAULT_TIME})::numeric / nullif(count(*), 0) from mart.crimes where {{where}}",
        ("default_share",),
    ),
    "The calendar": Expected(
        f"select {WEEK}, {WEEKDAY}, count(*) from mart.crimes where {{year}} group by 1, 2",
        ("week", "weekday", "reports"),
    ),
    "Years compared": Expected(
        f"""select to_char(occurred_date, 'MM Mon'), extract(year from occurred_date)::text, count(*) from mart.crimes
            where {{six_years}} and occurred_date < date_trunc('month', {NEWEST}) group by 1, 2"""
    ),
    "Seasons": Expected(
        "select extract(year from occurred_date)::text, to_char(occurred_date, 'MM Mon'), count(*) from mart.crimes"
        " where {where} group by 1, 2",
        ("occurred_year", "month_of_year", "reports"),
    ),
    "The last 26 weeks": Expected(
        f"""select ({NEWEST} - 7 - 7 * n)::timestamp, count(incident_id) from generate_series(0, 25) as weeks (n)
            left join mart.crimes on occurred_date between {NEWEST} - 7 - 7 * n and {NEWEST} - 1 - 7 * n group by 1""",
        ("first_date", "reports"),
    ),
    "Loads": Expected(
        "select added_count, edited_count, removed_count from ops.loads where status = 'published'",
        ("added_count", "edited_count", "removed_count"),
    ),
    "Edited columns": Expected(
        f"select column_name, count(*) from {CHANGES} where {{where}} group by 1", ("column_name", "values")
    ),
    "Reclassified": Expected(
        f"select incident_id, cell ->> 'old', cell ->> 'new' from {CHANGES} where {{where}} and column_name = 'crime_type'",
        ("incident_id", "old_value", "new_value"),
    ),
    "Clearance changed": Expected(
        f"""select incident_id, cell ->> 'old', cell ->> 'new' from {CHANGES}
            where {{where}} and column_name = 'clearance_name'""",
        ("incident_id", "old_value", "new_value"),
    ),
    "Revisions": Expected(
        "select occurred_month, days_since, report_count_change from mart.month_revisions",
        ("occurred_month", "days_since", "since"),
    ),
    "How late reports come": Expected(
        "select age_weeks, arrived_pct / 100 from mart.arrivals", ("age_weeks", "arrived")
    ),
    "Freshness": Expected(
        "select finished_at from ops.loads where status = 'published' order by 1 desc limit 1",
        ("checked_at",),
    ),
    "Portal and warehouse": Expected(
        """select dimension, count(*), sum(portal_count), sum(published_count), sum(reconciliations.rejected_count) from ops.reconciliations
            inner join mart.data_status using (load_id) group by 1""",
        ("dimension", "equal_groups", "portal", "published", "rejected"),
    ),
    "Group by group": Expected(
        """select dimension, coalesce(group_key, 'none'), portal_count, published_count from ops.reconciliations
            inner join mart.data_status using (load_id)""",
        ("dimension", "group_key", "portal_count", "published_count"),
    ),
    "Check it yourself": Expected(
        f"""select 'All reports', count(*) from mart.crimes union all
            select period_name, count(*) from mart.crimes,
            (select replace(period_name, 'Year', 'This year') as period_name, first_date from {PERIODS}) as periods
            where {IN_PERIOD} group by 1 union all
            select 'The same days of the year before', count(*) from mart.crimes, {PERIODS}
            where period_name = 'Year to date' and occurred_date between first_date - interval '1 year'
            and {NEWEST} - 1 - interval '1 year' union all
            select 'District ' || council_district || ', last 12 months', count(*) from mart.crimes, {PERIODS}
            where {IN_PERIOD} and period_name = 'Last 12 months' and council_district is not null group by council_district
            union all select 'This week', count(*) from mart.crimes where occurred_date between {NEWEST} - 7 and {NEWEST} - 1
            union all select 'The same weekdays of the year before', count(*) from mart.crimes
            where occurred_date between {NEWEST} - 371 and {NEWEST} - 365""",
        ("number_name", "report_count"),
    ),
    "Checks": Expected(
        "select check_name, status from ops.check_results inner join mart.data_status using (load_id)",
        ("check_name", "status"),
    ),
    "Rejected reports": Expected(
        "select reason, count(*) from ops.rejects group by 1", ("reason", "reports")
    ),
    "Missing values": Expected(
        """select finished_at, column_name, 1 - filled_count::numeric / report_count from ops.column_profiles
            inner join ops.loads using (load_id) where status = 'published' and column_name in ('clearance_status',
            'clearance_date', 'council_district', 'location_type', 'occurred_at', 'category_name', 'census_block_group_id')"""
    ),
}
# Of these, so many rows are shown: the most frequent, or the newest.
LIMITS = {
    "Most frequent crimes": 10,
    "Most frequent places": 10,
    "Reclassified": 100,
    "Clearance changed": 100,
}

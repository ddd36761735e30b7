-- comparisons: this year and the last twelve months beside the same days of the five years before.
create view mart.comparisons as
with windows as (
    select
        periods.period_name,
        years.years_ago,
        (
            case periods.period_name
                when 'Year to date'
                    then date_trunc('year', newest.newest_complete_date - make_interval(years => years.years_ago))
                else (newest.newest_complete_date - make_interval(years => years.years_ago + 1))::date + interval '1 day'
            end
        )::date as first_date,
        (newest.newest_complete_date - make_interval(years => years.years_ago))::date as last_date
    from mart.completeness as newest
    cross join generate_series(0, 5) as years (years_ago)
    cross join (values ('Year to date'), ('Last 12 months')) as periods (period_name)
),

edges as (
    select
        windows.period_name,
        windows.years_ago,
        windows.first_date,
        (date_trunc('month', windows.first_date::timestamp) + interval '1 month')::date - 1 as last_date
    from windows
    where extract(day from windows.first_date) > 1
    union all
    select
        windows.period_name,
        windows.years_ago,
        date_trunc('month', windows.last_date::timestamp)::date as first_date,
        windows.last_date
    from windows
    where extract(day from windows.last_date + 1) > 1
),

counts as (
    select
        windows.period_name,
        windows.years_ago,
        months.crime_group,
        months.council_district,
        months.report_count
    from windows
    inner join mart.crimes_per_month_and_group as months
        on
            months.occurred_month between windows.first_date
            and (date_trunc('month', (windows.last_date + 1)::timestamp) - interval '1 month')::date
    union all
    select
        edges.period_name,
        edges.years_ago,
        days.crime_group,
        days.council_district,
        days.report_count
    from edges
    inner join mart.crimes_per_day as days on days.occurred_date between edges.first_date and edges.last_date
),

scopes as (
    select
        counts.period_name,
        case when grouping(counts.crime_group) = 1 then 'All crimes' else counts.crime_group end as crime_group,
        case
            when grouping(counts.council_district) = 1 then 'Whole city'
            else coalesce('District ' || counts.council_district, 'No district')
        end as area_name,
        counts.council_district,
        coalesce(sum(counts.report_count) filter (where counts.years_ago = 0), 0)::bigint as report_count,
        array[
            coalesce(sum(counts.report_count) filter (where counts.years_ago = 1), 0)::bigint,
            coalesce(sum(counts.report_count) filter (where counts.years_ago = 2), 0)::bigint,
            coalesce(sum(counts.report_count) filter (where counts.years_ago = 3), 0)::bigint,
            coalesce(sum(counts.report_count) filter (where counts.years_ago = 4), 0)::bigint,
            coalesce(sum(counts.report_count) filter (where counts.years_ago = 5), 0)::bigint
        ] as earlier_counts
    from counts
    group by
        counts.period_name,
        grouping sets (
            (), (counts.crime_group), (counts.council_district), (counts.crime_group, counts.council_district)
        )
),

-- The portal has reports since 2003: earlier years are not compared with.
bands as (
    select
        scopes.period_name,
        scopes.crime_group,
        scopes.area_name,
        min(scopes.earlier_counts[windows.years_ago]) as min_count,
        percentile_cont(0.5) within group (order by scopes.earlier_counts[windows.years_ago]) as median_count,
        max(scopes.earlier_counts[windows.years_ago]) as max_count,
        count(*) as year_count
    from scopes
    inner join windows using (period_name)
    where windows.years_ago > 0 and windows.first_date >= date '2003-01-01'
    group by scopes.period_name, scopes.crime_group, scopes.area_name
),

measures as (
    select
        scopes.period_name,
        windows.first_date,
        windows.last_date,
        scopes.crime_group,
        scopes.area_name,
        scopes.council_district,
        scopes.report_count,
        scopes.earlier_counts[1] as year_before_count,
        bands.min_count,
        bands.median_count,
        bands.max_count,
        coalesce(bands.year_count, 0) as band_year_count,
        2 * (sqrt(scopes.report_count) - sqrt(scopes.earlier_counts[1])) as change_z,
        case
            when bands.year_count < 3 or bands.year_count is null then 'too few years to compare'
            when 2 * (sqrt(scopes.report_count) - sqrt(bands.max_count)) >= 3 then 'unusually high'
            when 2 * (sqrt(bands.min_count) - sqrt(scopes.report_count)) >= 3 then 'unusually low'
            else 'within the usual range'
        end as verdict
    from scopes
    inner join windows on scopes.period_name = windows.period_name and windows.years_ago = 0
    left join bands
        on
            scopes.period_name = bands.period_name
            and scopes.crime_group = bands.crime_group
            and scopes.area_name = bands.area_name
)

select
    measures.period_name,
    measures.first_date,
    measures.last_date,
    measures.crime_group,
    measures.area_name,
    measures.council_district,
    measures.report_count,
    measures.year_before_count,
    measures.report_count - measures.year_before_count as change_count,
    case
        when measures.year_before_count >= 100
            then round(100.0 * (measures.report_count - measures.year_before_count) / measures.year_before_count, 1)
    end as change_pct,
    round(measures.change_z::numeric, 1) as change_z,
    abs(measures.change_z) >= 3 as is_more_than_chance,
    measures.min_count,
    measures.median_count,
    measures.max_count,
    measures.band_year_count,
    measures.verdict,
    to_char(measures.report_count, 'FM999,999,999') || ' reports, '
    || case
        when measures.report_count = measures.year_before_count then 'as many as'
        else
            to_char(abs(measures.report_count - measures.year_before_count), 'FM999,999,999')
            || case when measures.report_count > measures.year_before_count then ' more than' else ' fewer than' end
    end
    || ' in the same days of the year before'
    || case
        when measures.report_count = measures.year_before_count then ''
        when abs(measures.change_z) >= 3 then ', which is more than chance'
        else ', which can be chance'
    end
    || '; ' || measures.verdict
    || case
        when measures.band_year_count >= 3
            then
                ' of the ' || measures.band_year_count || ' years before (' || to_char(measures.min_count, 'FM999,999,999')
                || ' to ' || to_char(measures.max_count, 'FM999,999,999') || ')'
        else ''
    end
    || '.' as notice
from measures;
comment on view mart.comparisons is
'One row per period (this year up to the newest complete day, or the twelve months that end with it), crime group and area, each with a row for all: beside the same days of the year before, and beside the five years before. Recent weeks still grow, see mart.completeness. From mart.crimes_per_month_and_group and mart.crimes_per_day.';
comment on column mart.comparisons.period_name is 'Year to date, or Last 12 months.';
comment on column mart.comparisons.first_date is 'First day of the period.';
comment on column mart.comparisons.last_date is
'Last day: the newest complete day. In earlier years the same day, February 28 where there is no 29.';
comment on column mart.comparisons.crime_group is 'Group of crime types, see mart.crime_groups, or All crimes.';
comment on column mart.comparisons.area_name is 'District 1 to District 10, No district, or Whole city.';
comment on column mart.comparisons.council_district is 'District number, 1 to 10; null for No district and Whole city.';
comment on column mart.comparisons.report_count is 'Incident reports of the period, by day of occurrence.';
comment on column mart.comparisons.year_before_count is 'Incident reports of the same days of the year before.';
comment on column mart.comparisons.change_count is 'Difference of the two.';
comment on column mart.comparisons.change_pct is
'The difference in percent of the year before; null if that had fewer than 100 reports, of which a few more or fewer are many percent.';
comment on column mart.comparisons.change_z is
'The difference in standard deviations of chance, z = 2 (square root of now - square root of before): counts of independent events vary by about their square root (Poisson).';
comment on column mart.comparisons.is_more_than_chance is 'Whether z is 3 or more, or -3 or less.';
comment on column mart.comparisons.min_count is 'Fewest reports in the same days of the five years before.';
comment on column mart.comparisons.median_count is 'Median of the same days of the five years before.';
comment on column mart.comparisons.max_count is 'Most reports in the same days of the five years before.';
comment on column mart.comparisons.band_year_count is
'Years in that range: five, or fewer near 2003, when the data begin.';
comment on column mart.comparisons.verdict is
'unusually high: above the most of the five years before by more than chance (z of at least 3 against it); unusually low: below the fewest likewise; else within the usual range. With fewer than three years: too few years to compare.';
comment on column mart.comparisons.notice is 'The same in a sentence for a reader.';

create view mart.crimes_per_resident as
select
    comparisons.first_date,
    comparisons.last_date,
    comparisons.crime_group,
    comparisons.council_district,
    comparisons.report_count,
    populations.resident_count,
    round(1000.0 * comparisons.report_count / populations.resident_count, 1) as per_1000_residents,
    populations.census_year,
    populations.is_estimate,
    populations.source
from mart.comparisons
inner join mart.district_populations as populations using (council_district)
where comparisons.period_name = 'Last 12 months';
comment on view mart.crimes_per_resident is
'One row per crime group, or All crimes, and council district: reports of the last twelve months beside reports per 1,000 residents. A daytime crowd is not residents: downtown and the malls have many visitors and few residents, so a high rate does not say that living there is dangerous. From mart.comparisons and mart.district_populations.';
comment on column mart.crimes_per_resident.first_date is 'First day of the twelve months.';
comment on column mart.crimes_per_resident.last_date is 'Last day: the newest complete day.';
comment on column mart.crimes_per_resident.crime_group is 'Group of crime types, see mart.crime_groups, or All crimes.';
comment on column mart.crimes_per_resident.council_district is 'District number, 1 to 10.';
comment on column mart.crimes_per_resident.report_count is 'Incident reports.';
comment on column mart.crimes_per_resident.resident_count is 'Residents at the census.';
comment on column mart.crimes_per_resident.per_1000_residents is 'Incident reports per 1,000 residents.';
comment on column mart.crimes_per_resident.census_year is 'Year of the census.';
comment on column mart.crimes_per_resident.is_estimate is 'Whether the number of residents is an equal share, right within ten percent.';
comment on column mart.crimes_per_resident.source is 'Where the number of residents comes from.';

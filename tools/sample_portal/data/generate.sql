-- generated: one row an invented report, with the columns of both forms. From: the calibration tables and allotments.
-- Every number is drawn from a hash of the row's place, a salt and the seed: the same seed gives the same reports.
create or replace macro chance(place, salt) as
    hash(place, salt, getvariable('seed')) / 18446744073709551616.0;

-- A few in so many rows, at least `fewest`, spread evenly; `salt` keeps one oddity from meeting another.
-- `oddities` 0 leaves out what the share alone would not give.
create or replace macro odd_count(share, fewest) as
    greatest(fewest * getvariable('oddities'), cast(getvariable('reports') * share as bigint));

create or replace macro is_odd(place, share, fewest, salt) as
    odd_count(share, fewest) > 0 and place % greatest(getvariable('reports') // greatest(odd_count(share, fewest), 1), 1)
    = salt % greatest(getvariable('reports') // greatest(odd_count(share, fewest), 1), 1);

create or replace macro below(place, salt, bound) as
    cast(hash(place, salt, getvariable('seed')) % bound as bigint);

create or replace macro one_of(choices, place, salt) as
    choices[below(place, salt, len(choices)) + 1];

create or replace macro code_of(place, salt) as
    lower(to_base(cast(hash(place, salt, getvariable('seed')) >> 2 as bigint), 36, 12));

-- With zeros in front; a longer number stays whole.
create or replace macro padded(number, width) as
    lpad(cast(number as varchar), cast(greatest(width, len(cast(number as varchar))) as integer), '0');

-- The moment of the upload that brought a week's reports: the second day after its Saturday, in the morning.
create or replace macro upload_at(weeks_back, place) as
    cast(getvariable('until') as timestamp) + interval 2 day - to_days(7 * cast(weeks_back as integer))
    + interval 10 hour + to_seconds(cast(hash(weeks_back, 'second') % 3000 as integer))
    + to_milliseconds(cast(hash(weeks_back, place % 5, 'ms') % 4000 as integer));

-- A table, not a part of the next statement: DuckDB must know how many rows there are to join them well.
create temp table drawn_place as
with places as (
    select
        allotments.first_place + unnest(range(allotments.report_count)) as place,
        allotments.first_day,
        allotments.day_count,
        allotments.era,
        allotments.undated_odds
    from allotments
)

select
    place,
    era,
    undated_odds,
    -- However few the reports, one is of the last day.
    case
        when place = getvariable('reports') - 1 then getvariable('until')
        else first_day + cast(floor(chance(place, 'day') * day_count) as integer)
    end as occ_day,
    chance(place, 'minute') as minute_chance,
    chance(place, 'hour') as hour_chance,
    chance(place, 'type') as type_chance,
    chance(place, 'area') as area_chance,
    chance(place, 'sector') as sector_chance
from places;

create temp table drawn_occurrence as
with typed as (
    select
        drawn_place.*,
        crime_types.* exclude (era, low)
    from drawn_place
    asof join crime_types
        on drawn_place.era = crime_types.era and drawn_place.type_chance >= crime_types.low
),

located as (
    select
        typed.*,
        areas.council_district
    from typed
    asof join areas
        on typed.era = areas.era and typed.profile = areas.profile and typed.area_chance >= areas.low
)

select
    located.* exclude (minute_chance, hour_chance, type_chance, area_chance, sector_chance, profile),
    sectors.sector,
    hours.hour * 60 + case
        when hours.hour in (0, 12) and located.minute_chance < 0.6 then 0
        when located.minute_chance < 0.35 then 0
        when located.minute_chance < 0.5 then 30
        else below(located.place, 'exact', 60)
    end as occ_minute
from located
asof join sectors
    on coalesce(located.council_district, 0) = sectors.area and located.sector_chance >= sectors.low
asof join hours on located.hour_chance >= hours.low;

create temp table drawn_report as
with lagged as (
    select
        *,
        case
            when chance(place, 'lag') < 0.84 then 0
            else least(cast(floor(pow(1 - chance(place, 'days'), -1.97)) as bigint), 4383)
        end as lag_days,
        -- Nothing is reported before it happened.
        occ_minute + cast(floor((1440 - occ_minute) * pow(chance(place, 'wait'), 3)) as integer) as same_day_minute
    from drawn_occurrence
),

-- The day drawn is the day of occurrence; for the reports of a week or so it is the day of report.
dated as (
    select
        * exclude (occ_day),
        case
            when getvariable('by_report') and occ_day - cast(lag_days as integer) >= date '2003-01-01' then lag_days
            when getvariable('by_report') or occ_day + cast(lag_days as integer) > getvariable('until') then 0
            else lag_days
        end as lag_kept,
        case when getvariable('by_report') then occ_day - cast(lag_kept as integer) else occ_day end as occ_day
    from lagged
)

select
    * exclude (lag_days, lag_kept, same_day_minute),
    occ_day + cast(lag_kept as integer) as rep_day,
    case
        when lag_kept = 0 then same_day_minute
        else 360 + cast(floor(chance(place, 'report minute') * 1020) as integer)
    end as rep_minute,
    case
        when chance(place, 'number') < 0.70 then 'day'
        when chance(place, 'number') < 0.85 then '5'
        when chance(place, 'number') < 0.97 then '8'
        when chance(place, 'number') < 0.98 then '13'
        when chance(place, 'number') < 0.99 then '12'
        when chance(place, 'number') < 0.997 then '10'
        else '9'
    end as number_shape
from dated;

create temp table numbered as
select
    *,
    row_number() over (
        partition by number_shape, case when number_shape = 'day' then rep_day else date_trunc('year', rep_day) end
        order by place
    ) as sequence
from drawn_report;

create temp view generated as
with outcomes as (
    select
        *,
        date_diff('day', rep_day, getvariable('until')) // 7 as weeks_back,
        chance(place, 'arrest') as arrest_chance,
        case
            -- An offense's odds of never being cleared, times the year's.
            when chance(place, 'dated') >= undated_pct * undated_odds / (undated_pct * undated_odds + 100 - undated_pct)
                then rep_day + cast(least(floor(pow(1 - chance(place, 'clearance'), -1.6)), 730) as integer)
        end as clearance_day,
        is_odd(place, 0.000028, 3, 11) as has_hour_24,
        is_odd(place, 0.000002, 2, 23) as has_bad_minute,
        is_odd(place, 0.0000004, 1, 37) as lacks_report_date,
        chance(place, 'suppressed') < 0.9
        and regexp_matches(crime_type, 'RAPE|SEXUAL|CHILD|INDECEN|PROTECTIVE') as is_suppressed
    from numbered
),

stamped as (
    select
        * exclude (clearance_day),
        case when clearance_day <= getvariable('until') then clearance_day end as clearance_day,
        least(weeks_back, 26) as created_weeks_back,
        case
            when chance(place, 'edited') < 0.015
                then cast(floor(chance(place, 'edit') * (least(weeks_back, 26) + 1)) as integer)
            else least(weeks_back, 26)
        end as updated_weeks_back
    from outcomes
)

select
    place,
    weeks_back,
    'row-' || code_of(place, 'id')[1:4] || '-' || code_of(place, 'id')[5:8] || '_' || code_of(place, 'id')[9:12] as ":id",
    upload_at(created_weeks_back, place) as ":created_at",
    upload_at(updated_weeks_back, place) as ":updated_at",
    'rv-' || code_of(place, 'version')[1:4] || '-' || code_of(place, 'version')[5:8]
    || '.' || code_of(place, 'version')[9:12] as ":version",
    cast(case number_shape
        when 'day'
            then
                strftime(rep_day, '%Y%j')
                -- More than the city has in a day: longer numbers, which no other shape has.
                || case when sequence < 500 then padded(sequence * 20 + place % 20, 4) else '0' || padded(sequence * 20 + place % 20, 6) end
        when '13' then year(rep_day) || '9' || padded(sequence * 7 + 1000000, 8)
        when '12' then strftime(rep_day, '%Y%j') || '1' || padded(sequence, 4)
        when '10' then year(rep_day) || '5' || padded(sequence, 5)
        when '9' then year(rep_day) || padded(sequence + 10000, 5)
        else year(rep_day) || number_shape || padded(sequence * 9 + place % 9, 6)
    end as bigint) as incident_report_number,
    crime_type,
    ucr_code,
    case when chance(place, 'family') * 100 < family_pct then 'Y' else 'N' end as family_violence,
    case
        when not has_hour_24 and not has_bad_minute
            then cast(occ_day as timestamp) + to_minutes(cast(occ_minute as integer))
    end as occ_date_time,
    cast(occ_day as timestamp) as occ_date,
    case
        when has_hour_24 then 2400
        when has_bad_minute then one_of([60, 80, 170, 1970], place, 'bad minute')
        else occ_minute // 60 * 100 + occ_minute % 60
    end as occ_time,
    case
        when not lacks_report_date then cast(rep_day as timestamp) + to_minutes(cast(rep_minute as integer))
    end as rep_date_time,
    case when not lacks_report_date then cast(rep_day as timestamp) end as rep_date,
    rep_minute // 60 * 100 + rep_minute % 60 as rep_time,
    case
        when is_odd(place, 0.0066, 3, 41) then null
        when crime_type like 'BURGLARY OF RESIDENCE%' or (family_pct > 50 and chance(place, 'home') < 0.8)
            then 'RESIDENCE / HOME'
        else location_types.location_type
    end as location_type,
    council_district,
    case
        when is_odd(place, 0.00136, 3, 53) then null
        when is_odd(place, 0.0002, 5, 67)
            then one_of(['88', '95', 'UT', 'F6', 'F', 'D', 'H', 'CHAR', 'BAKR', 'GRGE'], place, 'junk sector')
        else sector
    end as sector,
    case
        when is_odd(place, 0.002, 5, 79) 
            then one_of(['S', 'D', 'B', '88', 'D8', 'H5', '02', '493'], place, 'junk district')
        else cast(cast(1 + floor(pow(chance(place, 'apd district'), 1.5) * 8) as integer) as varchar)
    end as district,
    case
        when chance(place, 'status') < case when clearance_day is null then 0.9 else 0.137 end then null
        when arrest_chance * 100 < arrest_pct then 'C'
        when arrest_chance > 0.94 then 'O'
        else 'N'
    end as clearance_status,
    cast(clearance_day as timestamp) as clearance_date,
    ucr_category,
    category_description,
    case
        when is_odd(place, 0.0248, 3, 83) then null
        when is_odd(place, 0.0003, 2, 97) then 4910204031
        else 4530000011 + coalesce(council_district, 11) * 19000 + below(place, 'tract', 30) * 500
            + below(place, 'block group', 3)
    end as census_block_group,
    case
        when is_suppressed then one_of(['UNKNOWN', '00 BLOCK UNKNOWN'], place, 'unknown')
        else cast(100 + 100 * below(place, 'house', 120) as varchar) || ' BLOCK '
            || one_of(['N ', 'S ', 'E ', 'W ', ''], place, 'side')
            || one_of(['SAMPLE', 'EXAMPLE', 'INVENTED', 'MODEL', 'PATTERN', 'SPECIMEN', 'TRIAL'], place, 'street')
            || one_of([' ST', ' AVE', ' LN', ' DR', ' RD', ' BLVD'], place, 'street kind')
    end as address,
    case
        when not is_suppressed then 78701 + coalesce(council_district, 0) * 5 + below(place, 'zip', 5)
    end as zip_code,
    cast(100 + below(place, 'pra', 600) as varchar) as pra,
    coalesce(council_district, 11) + below(place, 'census tract', 4) * 0.01 as census_tract,
    case when is_suppressed then 0 else round(3113472 + (longitude + 97.74489) * 306000) end as x_coordinate,
    case when is_suppressed then 0 else round(10078603 + (latitude - 30.2897) * 368000) end as y_coordinate,
    case when not is_suppressed then latitude end as latitude,
    case when not is_suppressed then longitude end as longitude,
    case
        when not is_suppressed then json_object(
            'latitude', cast(latitude as varchar),
            'longitude', cast(longitude as varchar),
            'human_address', '{"address": "", "city": "", "state": "", "zip": ""}'
        )
    end as location
from stamped
asof join location_types on chance(stamped.place, 'location') >= location_types.low
left join area_points
    on coalesce(stamped.council_district, 1 + stamped.place % 10) = area_points.area
    and stamped.place % 100 = area_points.point;

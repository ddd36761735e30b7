"""Crime types in groups, and residents of districts: small tables that come from files of this repository."""

import shutil
from pathlib import Path

import pytest

from austin_crime import config
from austin_crime.warehouse import migrations

TYPES = (Path(__file__).parent / "data" / "crime_types.txt").read_text().splitlines()
RESIDENTS_OF_AUSTIN = 961_855


@pytest.fixture
def grouped(connection):
    """Return a function that gives the group and the class of each crime type."""

    def of(types):
        connection.execute("truncate staging.crimes_per_month")
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into staging.crimes_per_month values ('2024-01-01', %s, 1, 1, 0, 0)",
                [(name,) for name in types],
            )
        connection.execute((config.SQL_DIR / "aggregates" / "crime_groups.sql").read_bytes())
        rows = connection.execute("select crime_type, crime_group, crime_class from staging.crime_groups")
        return {row["crime_type"]: (row["crime_group"], row["crime_class"]) for row in rows}

    return of


def test_every_type_that_the_city_has_used_is_in_one_of_fifteen_groups(grouped):
    groups = grouped(TYPES)

    assert [name for name, (group, _) in groups.items() if group == "Not grouped yet"] == []
    assert len(TYPES) > 430
    assert len({group for group, _ in groups.values()}) == 15


def test_a_new_type_that_no_rule_knows_stays_visible(grouped):
    assert grouped(["PIRACY", None]) == {
        "PIRACY": ("Not grouped yet", "Not grouped yet"),
        None: ("Not grouped yet", "Not grouped yet"),
    }


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("BURG OF RES - SEXUAL NATURE", "Burglary"),
        ("BURGLARY OF VEHICLE", "Theft"),
        ("VIOL OF PROTECTIVE ORDER OR BOND FV/SEX CRIME/HUMAN TRAFFICKING", "Warrants and court orders"),
        ("ROBBERY BY ASSAULT", "Robbery"),
        ("CRASH/INTOX MANSLAUGHTER", "Alcohol and impaired driving"),
        ("ASSAULT  CONTACT-SEXUAL NATURE", "Sexual offenses"),
        ("DOC DISCHARGE GUN - PUB PLACE", "Weapons"),
        ("IDENTITY THEFT", "Fraud"),
        ("AUTO THEFT", "Vehicle theft"),
        ("THEFT OF AUTO PARTS", "Theft"),
        ("theft of a new kind", "Theft"),
    ],
)
def test_the_first_rule_that_knows_a_type_decides(grouped, name, group):
    assert grouped([name])[name][0] == group


def test_a_group_is_of_one_class(connection):
    rows = connection.execute(
        "select crime_group from mart.crime_group_rules group by 1 having count(distinct crime_class) > 1"
    )

    assert rows.fetchall() == []


def test_the_residents_of_the_districts_are_those_of_the_city(connection):
    rows = connection.execute("select * from mart.district_populations").fetchall()

    assert sorted(row["council_district"] for row in rows) == list(range(1, 11))
    assert sum(row["resident_count"] for row in rows) == RESIDENTS_OF_AUSTIN
    assert all(row["source"] for row in rows)


def test_a_changed_file_is_read_again_and_an_equal_one_is_not(committed, warehouse, tmp_path, monkeypatch):
    committed.execute("update mart.district_populations set resident_count = 1")
    migrations.migrate(warehouse.owner_url)
    assert (
        committed.execute("select max(resident_count) as n from mart.district_populations").fetchone()["n"]
        == 1
    )

    shutil.copytree(config.SQL_DIR, tmp_path / "sql")
    path = tmp_path / "sql" / "reference" / "district_populations.sql"
    path.write_text(path.read_text().replace("94010", "94011"))
    monkeypatch.setattr(config, "SQL_DIR", tmp_path / "sql")
    migrations.migrate(warehouse.owner_url)

    assert (
        committed.execute("select resident_count as n from mart.district_populations").fetchone()["n"]
        == 94_011
    )

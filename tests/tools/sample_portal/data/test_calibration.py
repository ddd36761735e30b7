"""Invented reports against counts of all the real ones: how far apart they are, as total variation distance."""

from datetime import date

import pytest

from sample_portal.data import generate
from sample_portal.data.store import Store

COUNTS = "counts_year_district_offense_clearance_2025-06.csv"
FREQUENT = 50


@pytest.fixture(scope="module")
def counted(real_data):
    """Return 200,000 invented reports beside the counts of the real ones, ``real`` and ``invented``."""
    store = Store.generate(reports=200_000, seed=3, until=date(2025, 4, 1))
    store.execute(
        """
        create table real as
        select
            crime_year as year, try_cast(council_district as integer) as district,
            highest_offense_description as offense, clearance_status = 'Cleared' as is_dated, total_crimes as n
        from read_csv(?)
        """,
        [str(real_data / COUNTS)],
    )
    store.execute(
        "create table invented as select year(occ_date) as year, council_district as district, crime_type as offense,"
        " clearance_date is not null as is_dated, count(*) as n from reports group by all"
    )
    yield store
    store.close()


def distance(store: Store, names: str, where: str = "true") -> float:
    """Return the total variation distance of the proportions by some columns: 0 is the same, 1 nothing in common."""
    shares = [
        f"select {names}, sum(n) / sum(sum(n)) over () as {table} from {table} where {where} group by {names}"
        for table in ("real", "invented")
    ]
    joined = " and ".join(f"a.{name} is not distinct from b.{name}" for name in names.split(", "))
    (row,) = store.execute(
        f"select sum(abs(coalesce(real, 0) - coalesce(invented, 0))) / 2 from ({shares[0]}) as a full join ({shares[1]}) as b on {joined}"
    )
    return row[0]


# By offense and district, or year, chance alone makes 200,000 reports differ by 0.03; if the two did not depend on each other,
# the distance would be 0.13 at least.
BOUNDS = [
    ("year", 0.005),
    ("district", 0.01),
    ("is_dated", 0.01),
    ("year, district", 0.03),
    ("year, offense", 0.10),
    ("year, is_dated", 0.02),
    ("offense, district", 0.05),
    ("offense, is_dated", 0.03),
    ("district, is_dated", 0.02),
]


@pytest.mark.parametrize(("names", "bound"), BOUNDS)
def test_proportions_are_as_near_the_real_ones_as_stated(counted, names, bound):
    assert distance(counted, names) < bound


def test_the_most_frequent_offenses_are_as_frequent_as_the_real_ones(counted):
    offenses = counted.execute(f"select offense from real group by 1 order by sum(n) desc limit {FREQUENT}")
    listed = ", ".join("'{}'".format(name.replace("'", "''")) for (name,) in offenses)

    assert distance(counted, "offense", f"offense in ({listed})") < 0.01


def test_every_offense_may_occur_under_its_real_name(counted):
    real, ours = (
        "select distinct offense from real",
        f"select crime_type from {generate.table('crime_types')}",
    )

    assert counted.execute(f"({real}) except ({ours})") == counted.execute(f"({ours}) except ({real})") == []
    assert counted.execute(f"select count(*) from ({ours})") == [(441,)]

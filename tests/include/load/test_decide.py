from datetime import UTC, date, datetime

import pytest

from austin_crime.load.decide import decide_months, months_of_range
from austin_crime.models import HeldMonth, PortalMonth
from austin_crime.portal.months import socrata_time

OLD, NEW = datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)
MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)


def held(month, count, **changes):
    """Return a month that is held as it was loaded."""
    return HeldMonth(month, **{"report_count": count, "portal_report_count": count} | changes)


def decide(portal_month, held_month, **options):
    """Decide for one month."""
    months = decide_months(
        [portal_month] if portal_month else [], [held_month] if held_month else [], **options
    )
    return months[0]


def test_a_month_with_nothing_newer_and_as_many_held_is_skipped():
    month = decide(PortalMonth(MAY, 100, OLD), held(MAY, 100, newest_updated_at=OLD))

    assert (month.kind, month.fetch_count) == ("skipped", 0)


def test_a_month_that_is_not_held_is_fetched_whole():
    month = decide(PortalMonth(MAY, 100, OLD), None)

    assert (month.kind, month.fetch_count) == ("whole", 100)


def test_up_to_half_newer_is_topped_up():
    month = decide(PortalMonth(MAY, 100, NEW, newer_count=50), held(MAY, 90, newest_updated_at=OLD))

    assert (month.kind, month.fetch_count) == ("topped up", 50)


def test_more_than_half_newer_is_fetched_whole_as_mostly_new():
    month = decide(PortalMonth(MAY, 100, NEW, newer_count=51), held(MAY, 90, newest_updated_at=OLD))

    assert (month.kind, month.fetch_count, month.is_mostly_new) == ("whole", 100, True)


def test_a_mostly_new_month_that_is_fetched_whole_anyway_takes_the_ids_that_are_read():
    months = [PortalMonth(MAY, 100, NEW, newer_count=51)]

    [month] = decide_months(
        months, [HeldMonth(MAY, 100, newest_updated_at=OLD)], whole="full reload asked for"
    )

    assert (month.kind, month.is_mostly_new) == ("whole", False)


def test_fewer_at_the_portal_with_nothing_newer_is_fetched_whole():
    month = decide(PortalMonth(MAY, 99, OLD), held(MAY, 100, newest_updated_at=OLD))

    assert (month.kind, month.is_mostly_new) == ("whole", False)


def test_a_newest_stamp_that_fell_is_fetched_whole():
    month = decide(PortalMonth(MAY, 100, OLD), held(MAY, 100, newest_updated_at=NEW))

    assert month.kind == "whole"


def test_more_reports_with_the_stamp_that_was_newest_are_fetched_whole():
    month = decide(
        PortalMonth(MAY, 100, OLD, same_stamp_count=7),
        held(MAY, 100, newest_updated_at=OLD, newest_count=5),
    )

    assert month.kind == "whole"


def test_a_month_of_which_rows_were_removed_by_hand_is_fetched_whole_though_the_portal_has_as_many():
    month = decide(PortalMonth(MAY, 99, OLD), held(MAY, 99, newest_updated_at=OLD, portal_report_count=100))

    assert month.kind == "whole"


def test_a_month_that_the_portal_no_longer_has_vanished():
    month = decide(None, held(MAY, 100, newest_updated_at=OLD))

    assert (month.kind, month.fetch_count, month.portal_count) == ("vanished", 0, 0)


def test_reports_without_a_date_are_a_month_of_their_own_and_come_last():
    months = decide_months(
        [PortalMonth(None, 3, OLD), PortalMonth(JUNE, 5, OLD)], [held(None, 3), held(JUNE, 4)]
    )

    assert [(month.month, month.kind) for month in months] == [(JUNE, "whole"), (None, "skipped")]


def test_months_of_a_key_that_occurs_twice_are_fetched_whole_when_anything_else_is():
    both = [
        held(MAY, 100, has_duplicates=True, newest_updated_at=OLD),
        held(JUNE, 4, newest_updated_at=OLD),
    ]

    quiet = decide_months([PortalMonth(MAY, 100, OLD), PortalMonth(JUNE, 4, OLD)], both)
    busy = decide_months([PortalMonth(MAY, 100, OLD), PortalMonth(JUNE, 5, NEW, newer_count=1)], both)

    assert [month.kind for month in quiet] == ["skipped", "skipped"]
    assert [month.kind for month in busy] == ["whole", "topped up"]


def test_a_reason_for_all_fetches_every_month_whole():
    month = decide(
        PortalMonth(MAY, 100, OLD), held(MAY, 100, newest_updated_at=OLD), whole="new cleaning rules"
    )

    assert (month.kind, month.reason) == ("whole", "new cleaning rules")


def test_wanted_months_are_treated_as_changed_and_the_others_are_not_left_out():
    months = decide_months(
        [PortalMonth(MAY, 1, OLD), PortalMonth(JUNE, 1, OLD)],
        [held(MAY, 1), held(JUNE, 1)],
        requested={JUNE},
    )

    assert [month.kind for month in months] == ["skipped", "whole"]


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        (None, None, set()),
        ("2024-06", None, {JUNE}),
        (None, "2024-05", {MAY}),
        ("2024-05", "2024-06", {MAY, JUNE}),
    ],
)
def test_a_range_of_months_takes_both_ends_and_never_the_month_without_date(first, last, wanted):
    assert months_of_range(first, last, [MAY, JUNE, None]) == wanted


def test_stamps_are_written_as_the_portal_writes_them():
    assert socrata_time(datetime(2024, 6, 1, 10, 0, 0, 123000, tzinfo=UTC)) == "2024-06-01T10:00:00.123Z"

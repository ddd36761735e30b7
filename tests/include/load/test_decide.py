from datetime import UTC, date, datetime

import pytest

from austin_crime.load.decide import (
    TABLE_LINES,
    decide_months,
    has_work,
    months_of_range,
    name_months,
    plan_table,
    summarize,
)
from austin_crime.models import HeldMonth, PlanLine, PlannedMonth, PortalMonth
from austin_crime.portal.months import socrata_time

OLD, NEW = datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)
MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)


def held(month, count, **changes):
    """Return a month that is held as it was loaded."""
    return HeldMonth(
        month, **{"report_count": count, "published_count": count, "portal_report_count": count} | changes
    )


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
        months, [HeldMonth(MAY, 100, 100, newest_updated_at=OLD)], whole="full reload asked for"
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


def test_fewer_reports_with_the_stamp_that_was_newest_are_fetched_whole_unless_newer_ones_explain_it():
    before = held(MAY, 100, newest_updated_at=OLD, newest_count=5)

    unexplained = decide(PortalMonth(MAY, 100, OLD, same_stamp_count=4), before)
    explained = decide(PortalMonth(MAY, 100, NEW, newer_count=1, same_stamp_count=4), before)

    assert (unexplained.kind, explained.kind) == ("whole", "topped up")


@pytest.mark.parametrize(
    ("newer", "held_late", "late", "kind"),
    [
        # The load that recorded the month did not count late stamps: nothing is concluded from them.
        (0, None, 3, "skipped"),
        (0, 3, 3, "skipped"),
        (0, 3, 4, "whole"),
        (0, 3, 2, "whole"),
        (1, 3, 3, "topped up"),
        (1, 3, 4, "whole"),
        (1, 3, 2, "whole"),
        # Most of the month was stamped then: edits since explain that fewer are left, not that there are more.
        (1, 51, 50, "topped up"),
        (1, 51, 51, "topped up"),
        (1, 51, 52, "whole"),
        (1, 50, 49, "whole"),
        # Nothing is newer, so nothing explains it.
        (0, 51, 50, "whole"),
    ],
)
def test_another_count_of_late_stamps_fetches_a_month_whole_unless_edits_explain_it(
    newer, held_late, late, kind
):
    month = decide(
        PortalMonth(MAY, 100, NEW if newer else OLD, newer_count=newer, late_count=late),
        held(MAY, 100, newest_updated_at=OLD, late_count=held_late),
    )

    assert month.kind == kind


def planned(count):
    """Return so many months that are fetched whole, each for a reason of its own, and one that is skipped."""
    months = [
        PlannedMonth(date(2001 + number, 1, 1), "whole", f"reason {number} (of one month)", 10, fetch_count=7)
        for number in range(count)
    ]
    return [*months, PlannedMonth(None, "skipped", "nothing newer", 10)]


def test_a_plan_has_work_unless_every_month_is_skipped():
    assert has_work(planned(1)) is True
    assert has_work(planned(0)) is False


def test_a_plan_is_summed_up_by_kind():
    assert summarize(planned(2)) == [PlanLine("whole", 2, 14), PlanLine("skipped", 1, 0)]


def test_a_plan_is_a_table_with_a_line_a_reason_those_with_most_months_first():
    lines = plan_table([*planned(2), PlannedMonth(MAY, "whole", "reason 1 (of two)", 10, fetch_count=1_000)])

    assert [line.split() for line in lines] == [
        ["months", "kind", "reports", "to", "fetch", "why"],
        ["2", "whole", "1,007", "reason", "1,", "2002-01,", "2024-05"],
        ["1", "whole", "7", "reason", "0,", "2001-01"],
        ["1", "skipped", "0", "nothing", "newer,", "without", "a", "date"],
    ]


def test_a_plan_of_many_reasons_is_a_table_of_ten_lines_and_counts_the_rest():
    full, too_many = plan_table(planned(TABLE_LINES - 1)), plan_table(planned(TABLE_LINES + 1))

    assert len(full) == TABLE_LINES + 1
    assert len(too_many) == TABLE_LINES + 2 == 10
    assert too_many[-1].split() == ["2", "others", "7", "other", "reasons"]


def test_of_many_months_the_first_are_named_and_the_others_counted():
    months = {date(2024, number, 1) for number in range(1, 13)}

    assert name_months({JUNE, None, MAY}) == "2024-05, 2024-06, without a date"
    assert name_months(months).endswith("2024-12")
    assert name_months(months | {None}).endswith("2024-12 and 1 more")
    assert name_months(months, 2) == "2024-01, 2024-02 and 10 more"


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

"""The judgment of many nights: what counts as growing."""

from benchmarks.soak_page import CYCLE, growth_mb


def nights(*memory_mb):
    return [
        {"night": number, "memory_mb": {"scheduler": memory, "portal": 40.0}}
        for number, memory in enumerate(memory_mb, start=1)
    ]


def test_a_program_that_grows_by_two_mb_a_night_is_found():
    grown = nights(*range(100, 180, 2))

    assert growth_mb(grown) == {"scheduler": 2.0, "portal": 0.0}


def test_what_a_program_takes_in_its_first_cycle_and_gives_back_is_no_growth():
    warming = nights(*range(100, 100 + len(CYCLE)), *[150, 152] * 10)

    assert abs(growth_mb(warming)["scheduler"]) < 0.1

import threading

import pytest

from local_stack.processes.steps import Step, run_all


def test_a_step_waits_for_those_before_it() -> None:
    done: list[str] = []

    def note(name: str) -> None:
        done.append(name)

    run_all(
        [
            Step("last", lambda: note("last"), ("first", "second")),
            Step("second", lambda: note("second"), ("first",)),
            Step("first", lambda: note("first")),
        ],
        lambda _: None,
    )

    assert done == ["first", "second", "last"]


def test_steps_that_do_not_depend_on_each_other_run_side_by_side() -> None:
    met = threading.Barrier(2, timeout=10)

    run_all([Step(name, lambda: str(met.wait())) for name in ("one", "other")], lambda _: None)


def test_each_step_is_told_with_its_seconds_and_its_word() -> None:
    told: list[str] = []

    run_all([Step("Warehouse", lambda: "nothing to do")], told.append)

    assert told == ["Warehouse: nothing to do (0.0 s)"]


def test_an_error_is_raised_and_what_follows_is_not_begun() -> None:
    started: list[str] = []

    def fail() -> None:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        run_all([Step("a", fail), Step("b", lambda: started.append("b"), ("a",))], lambda _: None)

    assert started == []


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        ([Step("a", lambda: None, ("b",)), Step("b", lambda: None, ("a",))], "cycle"),
        (
            [Step("a", lambda: None, ("nobody",))],
            r"'a' comes after \['nobody'\]: there is no step of that name",
        ),
    ],
)
def test_steps_that_can_never_run_are_an_error_at_once(steps: list[Step], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        run_all(steps, lambda _: None)

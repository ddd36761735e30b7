"""One sentence for each step of a load, with the load's real numbers; what a step does is said by its docstring."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from austin_crime import config

Row = Mapping[str, Any]
AUSTIN = ZoneInfo(config.TIME_ZONE)


def sentences(load: Row, numbers: Row) -> dict[str, str]:
    """Return a sentence by task id; a step that has not come so far, or counts nothing, has none.

    Parameters
    ----------
    load
        The load as ``loads.last_loads`` returns it.
    numbers
        What the load recorded beside its row: files, tables, checks and groups.
    """
    built = {f"build_{table}": _built(table) for table in config.AGGREGATES}
    said = {task_id: sentence(load, numbers) for task_id, sentence in (SENTENCES | built).items()}
    return {task_id: sentence for task_id, sentence in said.items() if sentence}


def counted(number: int | None, singular: str, plural: str = "") -> str:
    """Return a number with separators and its noun: ``1 month``, ``2,614,910 reports``."""
    return f"{number or 0:,} {singular if number == 1 else plural or f'{singular}s'}"


def size(byte_count: int) -> str:
    """Return a number of bytes for people: ``1.2 MB``."""
    if byte_count < 1000:
        return f"{byte_count} bytes"
    return f"{byte_count / 1e3:,.0f} kB" if byte_count < 1e6 else f"{byte_count / 1e6:,.1f} MB"


def _changed_months(load: Row) -> int:
    return sum(load[f"{kind}_month_count"] or 0 for kind in ("topped_up", "whole", "vanished"))


def _source(load: Row, numbers: Row) -> str | None:
    changed = load["portal_updated_at"]
    return f"Its data changed on {changed.astimezone(AUSTIN):%b %-d, %Y}" if changed else None


def _plan(load: Row, numbers: Row) -> str | None:
    if load["skipped_month_count"] is None:
        return "Nothing changed since the last load" if load["status"] == "unchanged" else None
    months = _changed_months(load) + load["skipped_month_count"]
    return f"{counted(months, 'month')} compared, {_changed_months(load):,} had news"


def _anything_new(load: Row, numbers: Row) -> str | None:
    if load["status"] == "unchanged":
        return "No: the load ends here"
    return "Yes" if _changed_months(load) else None


def _batches(load: Row, numbers: Row) -> str | None:
    return counted(load["batch_count"], "file") + " to fetch" if load["batch_count"] else None


def _received(load: Row, numbers: Row) -> str | None:
    files = numbers["files"]
    if not files["file_count"]:
        return None
    return f"{counted(files['report_count'], 'report')} received, {size(files['byte_count'])}"


def _cleaned(load: Row, numbers: Row) -> str | None:
    files = numbers["files"]
    if not files["file_count"]:
        return None
    good = files["report_count"] - files["rejected_count"]
    return f"{counted(good, 'report')} cleaned, {files['rejected_count']:,} rejected"


def _settled(load: Row, numbers: Row) -> str | None:
    groups = numbers["groups"]
    if not groups["portal_count"]:
        return None
    return f"{groups['equal_count']:,} of {counted(groups['portal_count'], 'report')} equal to the city's"


def _checked(load: Row, numbers: Row) -> str | None:
    checks = numbers["checks"]
    if not checks:
        return None
    passed = sum(count for (_, status), count in checks.items() if status == "passed")
    return f"{passed:,} of {counted(sum(checks.values()), 'check')} passed"


def _gate(load: Row, numbers: Row) -> str | None:
    checks = numbers["checks"]
    if not checks:
        return None
    blocking = checks.get(("block", "failed"), 0)
    accepted = checks.get(("block", "accepted"), 0)
    if blocking:
        return f"Closed by {counted(blocking, 'check')}"
    return f"Open; a person accepted {counted(accepted, 'check')}" if accepted else "Open: nothing blocks"


def _published(load: Row, numbers: Row) -> str | None:
    if load["status"] != "published":
        return None
    return (
        f"{load['added_count']:,} added, {load['edited_count']:,} edited, {load['removed_count']:,} removed"
    )


def _built(table: str) -> Callable[[Row, Row], str | None]:
    """Return the sentence of the step that builds an aggregate."""

    def sentence(load: Row, numbers: Row) -> str | None:
        return counted(numbers["tables"][table], "row") if table in numbers["tables"] else None

    return sentence


SENTENCES: dict[str, Callable[[Row, Row], str | None]] = {
    "source_is_up": _source,
    "plan_load": _plan,
    "anything_new": _anything_new,
    "list_batches": _batches,
    "load_batch.extract": _received,
    "load_batch.clean_and_stage": _cleaned,
    "settle_months": _settled,
    "check_load": _checked,
    "gate": _gate,
    "publish": _published,
}

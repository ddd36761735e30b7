"""Write the pages of docs/ that are made of declarations: commands, settings, checks and metrics."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from austin_crime import contract, parameters
from local_stack.configuration import variables

ROOT = Path(__file__).parents[1]
DATASETS_DIR = ROOT / "superset" / "assets" / "datasets"
COMMANDS = """\
# Commands

Run them in the project's folder. Written from the `Makefile` by `make docs`; `make help` shows the same.
Words in capitals are variables: `make demo REPORTS=20000`.

"""
SETTINGS = """\
# Settings

Written by `make docs` from `tools/local_stack/configuration/variables.py`, which declares each setting once; `.env.example` has the same settings.

Settings are in `.env`, one `NAME=value` per line, for the local stack and for the containers. The first start, or `make secrets`, creates that
file and fills in the secrets. An environment variable overrides its line in `.env`. After a change, run `make up`, or `make secrets` and
`docker compose up --detach --wait`. Put a value with blanks, `#` or `$` in single quotes. All values are checked before anything starts; an invalid one is
rejected with its name, the expected value and the actual one.
"""
CHECKS = """\
# Checks and rules

Written by `make docs` from `include/austin_crime/contract.py`.

## Checks

Each load runs every check on what it would publish. A check is a query in `include/sql/checks`; it fails if an observed value is above its limit.
The results are in `ops.check_results`.

- A check that **blocks** keeps the load from publishing. If a person may accept it, the load waits for a decision; otherwise it fails. Either way readers keep
  the last published version ([what to do then](runbook.md#a-check-blocked-the-load)).
- A check that **warns** is written to the log and to `ops.check_results`, and the load continues.

"""
RULES = """
## Cleaning rules

What happens to a value that cannot be parsed. Each load counts by rule and column how many values a rule applied to; the check `unreadable_values` blocks a load with many.

"""
METRICS = """\
# Metrics

The metrics of Superset's datasets, which charts and *Explore* use. Written by `make docs` from `superset/assets/datasets`. The tables themselves are in [Tables](tables.md).
"""

Row = Iterable[object]


def commands() -> str:
    """Return the page of the Makefile's targets."""
    targets = re.findall(r"^([a-z-]+):.*## (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return COMMANDS + _table(
        ["command", "what it does"], [(f"`make {name}`", text) for name, text in targets]
    )


def settings() -> str:
    """Return the page of the declared settings."""
    parts = [SETTINGS]
    for section in variables.SECTIONS:
        rows = [(f"`{each.name}`", _value(each), each.comment) for each in section.variables]
        parts.append(
            f"\n## {section.title}\n\n" + _table(["setting", "default or example", "what it is"], rows)
        )
    return "".join(parts)


def checks() -> str:
    """Return the page of the contract's checks and cleaning rules."""
    rows = [
        (
            f"`{check.name}`",
            check.expectation,
            f"{check.threshold:g} {check.unit}",
            f"{check.severity}s",
            ("yes" if check.name in parameters.ACCEPTABLE else "no") if check.severity == "block" else "",
        )
        for check in contract.CHECKS
    ]
    heads = ["check", "expectation", "limit", "blocks or warns", "a person may accept it"]
    rules = [(f"`{name}`", text) for name, text in contract.RULES.items()]
    return CHECKS + _table(heads, rows) + RULES + _table(["rule", "what it does"], rules)


def metrics() -> str:
    """Return the page of the metrics of Superset's datasets."""
    parts = [METRICS]
    for path in sorted(DATASETS_DIR.glob("*.yaml")):
        dataset = yaml.safe_load(path.read_text(encoding="utf-8"))
        parts.append(f"\n## {dataset['table_name']}\n\n{dataset['description']}\n\n")
        parts.append(_table(["metric", "what it is", "SQL"], map(_metric, dataset["metrics"])))
    return "".join(parts)


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "settings.md": settings,
    "checks.md": checks,
    "metrics.md": metrics,
}


def _value(variable: variables.Variable) -> str:
    """Return a setting's default, or what could stand there."""
    if variable.is_secret:
        return "random"
    if variable.default:
        return f"`{variable.default}`"
    return f"unset; e.g. `{variable.example}`" if variable.example else "unset"


def _metric(metric: dict[str, Any]) -> Row:
    return f"`{metric['metric_name']}`", metric["description"], f"`{metric['expression']}`"


def _table(heads: list[str], rows: Iterable[Row]) -> str:
    """Return a table of Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    cells = [[str(cell).replace("|", r"\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


if __name__ == "__main__":
    for name, page in PAGES.items():
        (ROOT / "docs" / name).write_text(page(), encoding="utf-8")

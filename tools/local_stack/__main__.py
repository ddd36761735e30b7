"""The command line behind the Makefile: ``python -m local_stack demo``."""

import argparse
import os
import re
import sys
from collections.abc import Callable

from austin_crime.errors import SettingError
from local_stack.commands import prefect, stack, superset
from local_stack.configuration import settings, surroundings
from local_stack.errors import StackError
from local_stack.processes import programs

# What the sample portal can make.
FEWEST_REPORTS, MOST_REPORTS = 1_000, 2_615_000


def main(words: list[str] | None = None) -> int:
    """Run one command; tell what is wrong in a sentence instead of a traceback."""
    surroundings.keep_own(os.environ)
    try:
        return _run(_parse(words))
    except (StackError, SettingError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"\n{error.filename} may not be read or written: make it yours and try again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nInterrupted. What was started stays: `make status` shows it, `make down` ends it.",
            file=sys.stderr,
        )
        return 130


def _run(arguments: argparse.Namespace) -> int:
    """Run the command that was asked for."""
    actions: dict[str, Callable[[], int]] = {
        "demo": lambda: stack.demo(arguments.reports),
        "up": lambda: stack.up(arguments.source, arguments.reports),
        "load": stack.load,
        "reset": lambda: stack.run_module("austin_crime.reset", arguments.target),
        "backup": lambda: stack.run_module("austin_crime.backup"),
        "restore": lambda: stack.run_module(
            "austin_crime.restore", arguments.backup, "--confirm", arguments.confirm
        ),
        "flow": lambda: prefect.flow(arguments.parameters, arguments.reports),
        "prefect": lambda: prefect.serve(arguments.source, arguments.reports),
        "down": stack.down,
        "status": stack.status,
        "logs": lambda: stack.logs(arguments.service),
        "assets-export": superset.export_assets,
        "assets-import": superset.import_assets,
        "run": lambda: programs.run(arguments.program, settings.running()),
    }
    return actions[arguments.command]()


def _parse(words: list[str] | None) -> argparse.Namespace:
    """Read the command line; the Makefile hands on empty words for what was not said."""
    parser = argparse.ArgumentParser(prog="local_stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("demo", "up", "prefect", "flow"):
        command = commands.add_parser(name)
        command.add_argument("--reports", default="")
        if name in ("up", "prefect"):
            command.add_argument("--source", default="sample")
        if name == "flow":
            command.add_argument("--parameters", default="")
    for name in ("load", "backup", "down", "status", "assets-export", "assets-import"):
        commands.add_parser(name)
    commands.add_parser("reset").add_argument("target", nargs="?", default="")
    restore = commands.add_parser("restore")
    restore.add_argument("backup")
    restore.add_argument("--confirm", default="")
    commands.add_parser("logs").add_argument("service", nargs="?", default="")
    names = [program.name for program in programs.PROGRAMS]
    commands.add_parser("run").add_argument("program", choices=names)
    arguments = parser.parse_args(words)
    if "reports" in arguments:
        arguments.reports = _report_count(arguments.reports)
    if arguments.__dict__.get("source", "sample") not in ("sample", "live"):
        raise StackError(f"SOURCE is {arguments.source!r}: expected sample or live.")
    return arguments


def _report_count(text: str) -> int | None:
    """Return the size of the sample portal, None for an empty word."""
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or not FEWEST_REPORTS <= int(text) <= MOST_REPORTS:
        raise StackError(f"REPORTS is {text!r}: expected a number from {FEWEST_REPORTS} to {MOST_REPORTS}.")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

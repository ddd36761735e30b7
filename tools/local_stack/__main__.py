"""The command line behind the Makefile: ``python -m local_stack demo``."""

import argparse
import sys
from collections.abc import Callable

from local_stack.commands import prefect as prefect_commands
from local_stack.commands import stack as commands
from local_stack.configuration import settings
from local_stack.errors import StackError
from local_stack.processes import programs


def main() -> int:
    """Run one command; tell what is wrong in a sentence instead of a traceback."""
    arguments = parse()
    actions: dict[str, Callable[[], int]] = {
        "demo": lambda: commands.demo(arguments.reports),
        "up": lambda: commands.up(arguments.source, arguments.reports),
        "load": commands.load,
        "flow": lambda: prefect_commands.flow(arguments.parameters, arguments.reports),
        "prefect": lambda: prefect_commands.serve(arguments.source, arguments.reports),
        "down": commands.down,
        "status": commands.status,
        "logs": lambda: commands.logs(arguments.service),
        "run": lambda: programs.become(arguments.program, settings.running()),
    }
    try:
        return actions[arguments.command]()
    except StackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nInterrupted. What was started stays: `make status` shows it, `make down` ends it.",
            file=sys.stderr,
        )
        return 130


def parse() -> argparse.Namespace:
    """Read the command line; the Makefile hands on empty words for what was not said."""
    parser = argparse.ArgumentParser(prog="local_stack", description=__doc__)
    commands_parser = parser.add_subparsers(dest="command", required=True)
    for name in ("demo", "up", "prefect", "flow"):
        command = commands_parser.add_parser(name)
        command.add_argument("--reports", type=report_count, default=None)
        if name in ("up", "prefect"):
            command.add_argument("--source", choices=("sample", "live"), default="sample")
        if name == "flow":
            command.add_argument("--parameters", default="")
    for name in ("load", "down", "status"):
        commands_parser.add_parser(name)
    commands_parser.add_parser("logs").add_argument("service", nargs="?", default="")
    names = [program.name for program in programs.PROGRAMS]
    commands_parser.add_parser("run").add_argument("program", choices=names)
    return parser.parse_args()


def report_count(text: str) -> int | None:
    """Return the size of the sample portal, None for an empty word."""
    if not text:
        return None
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"REPORTS is {text!r}: expected a number from 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

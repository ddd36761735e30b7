"""``python -m sample_portal``: generate or read reports and serve them until ended."""

import argparse
import signal
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sample_portal.data import generate
from sample_portal.data.store import Store
from sample_portal.errors import PortalFault
from sample_portal.http import control, server

_DATA_DIR = Path(__file__).resolve().parents[2] / "data" / "sample_portal"


def main(words: list[str] | None = None) -> int:
    """Serve until ended; return the exit code."""
    options = read_options(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        taken = server.reserve(options.host, options.port)
        store = _open_store(options)
        address = f"http://{options.host}:{taken.getsockname()[1]}"
        server.serve(store, taken, tuple(options.app_token), lambda: _announce(store, address))
    except PortalFault as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    store.close()
    return 0


def read_options(words: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    ways = "\n".join(f"  {command}" for _, command in control.commands("http://127.0.0.1:8099"))
    parser = argparse.ArgumentParser(
        prog="python -m sample_portal",
        description=__doc__,
        epilog=f"let it live, let it misbehave:\n{ways}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add: Any = parser.add_argument
    add("--port", type=int, default=8099, help="8099 unless given; 0 for a free one")
    add("--host", default=server.HOST, help="127.0.0.1 unless given")
    add(
        "--reports",
        type=_number_of_reports,
        default=100_000,
        help="how many reports to invent, 1,000 to 2,615,000",
    )
    add("--seed", type=int, default=1, help="the same seed gives the same reports")
    add(
        "--until",
        type=date.fromisoformat,
        help="day of the newest report, YYYY-MM-DD; else as kept, or a Saturday a week ago",
    )
    add("--form", choices=("present", "historic"), default="present", help="which columns the reports have")
    add("--file", type=Path, help="serve this JSON or CSV file instead")
    add(
        "--updated-at",
        type=_moment,
        help="with --file: stamp of its reports, ISO 8601; else when it was written",
    )
    add("--data-dir", type=Path, default=_DATA_DIR, help="where generated reports are kept")
    add("--app-token", action="append", default=[], help="accept this app token; may be repeated")
    return parser.parse_args(words)


def _number_of_reports(text: str) -> int:
    """Read a number of reports."""
    count = int(text.replace(",", "").replace("_", ""))
    if not generate.FEWEST_REPORTS <= count <= generate.MOST_REPORTS:
        raise argparse.ArgumentTypeError(
            f"expected {generate.FEWEST_REPORTS:,} to {generate.MOST_REPORTS:,} reports, got {count:,}"
        )
    return count


def _moment(text: str) -> datetime:
    """Read a stamp; without a zone it is UTC."""
    given = datetime.fromisoformat(text)
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def _open_store(options: argparse.Namespace) -> Store:
    """Open what is to be served."""
    if options.file:
        return Store.from_file(options.file, options.updated_at)
    return Store.generate(options.reports, options.seed, options.until, options.form, options.data_dir)


def _announce(store: Store, address: str) -> None:
    """Say that the portal listens, and with what."""
    (count,) = store.execute("select count(*) from reports")[0]
    print(f"Sample portal: {count:,} invented reports ({store.form} form) at {address}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

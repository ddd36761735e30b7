"""What Airflow keeps of runs: rows of its database, by its own command, and the logs of its tasks and of its DAG processor."""

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.configuration import conf
from airflow.sdk import BaseHook

from austin_crime import config
from austin_crime.errors import CleanupFailed

log = logging.getLogger(__name__)

# A task may not use Airflow's database. Its command line may, and is told the address by this connection.
METADATA_CONNECTION = "airflow_metadata"


def clean_airflow(dry_run: bool = False) -> str:
    """Delete Airflow's runs that are older than AUSTIN_CRIME_KEEP_DAYS from its database, and their logs.

    Raises
    ------
    CleanupFailed
        If ``airflow db clean`` fails. Logs are deleted then by the next try.
    """
    oldest = datetime.now(UTC) - timedelta(days=config.keep_days())
    row_count = _clean_database(oldest, dry_run)
    file_count, byte_count = _clean_logs(
        Path(conf.get_mandatory_value("logging", "base_log_folder")), oldest, dry_run
    )
    verb = "would remove" if dry_run else "removed"
    sentence = (
        f"Airflow: {verb} {row_count:,} rows of its database, and {file_count:,} log files, {byte_count:,} bytes, older than"
        f" {config.keep_days()} days."
    )
    log.info("%s", sentence)
    return sentence


def _clean_database(oldest: datetime, dry_run: bool) -> int:
    """Run ``airflow db clean``; return the number of rows that it found."""
    address = BaseHook.get_connection(METADATA_CONNECTION).get_uri()
    command = [sys.executable, "-m", "airflow", "db", "clean", "--clean-before-timestamp", oldest.isoformat()]
    command += ["--skip-archive", "--yes", "--error-on-cleanup-failure", *(["--dry-run"] if dry_run else [])]
    environment = os.environ | {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": address.replace("postgres://", "postgresql+psycopg2://")
    }
    environment.pop("AIRFLOW__CORE__SQL_ALCHEMY_CONN", None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    if done.returncode:
        raise CleanupFailed(f"`airflow db clean` ended with {done.returncode}: {said[-2000:]}")
    log.debug("%s", said)
    return sum(int(number) for number in re.findall(r"Found (\d+) rows", said))


def _clean_logs(folder: Path, oldest: datetime, dry_run: bool) -> tuple[int, int]:
    """Delete log files that were written last before a moment, and folders that are empty then; return their number and bytes."""
    old = [(path, path.stat().st_size) for path in _files_before(folder, oldest)]
    if not dry_run:
        for path, _ in old:
            path.unlink(missing_ok=True)
        for path in sorted({path.parent for path, _ in old}, reverse=True):
            _remove_empty(path, folder)
    return len(old), sum(size for _, size in old)


def _files_before(folder: Path, oldest: datetime) -> Iterator[Path]:
    """Yield the files that were written last before a moment."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_mtime < oldest.timestamp():
            yield path


def _remove_empty(path: Path, top: Path) -> None:
    """Remove a folder and those above it, up to the top, as far as they are empty."""
    while path != top and path.is_dir() and not any(path.iterdir()):
        path.rmdir()
        path = path.parent

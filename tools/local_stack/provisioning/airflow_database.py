"""Airflow's metadata database: brought to its schema, and the DAG paused where the portal is another one than before."""

import hashlib
import sys
from collections.abc import Callable

from austin_crime import config
from local_stack.configuration.settings import Settings


def migrate_airflow(settings: Settings, run: Callable[[str, list[str]], None]) -> str | None:
    """Bring Airflow's database to its schema, unless this version did before; return what was done, if it is not just that.

    A nightly run that is due would load the other portal unasked: when the source changes, the DAG is paused.

    Parameters
    ----------
    run
        Called with a name and a command that has to succeed.
    """
    airflow = [sys.executable, "-m", "airflow"]
    digest_before, _, source_before = (settings.server.note("airflow") or "").partition(" ")
    lock = (settings.root / "requirements.lock").read_bytes()
    digest_now = hashlib.sha256(lock).hexdigest()
    if digest_before != digest_now:
        run("airflow-migrate", [*airflow, "db", "migrate"])
    if source_before not in ("", settings.source):
        run("airflow-pause", [*airflow, "dags", "pause", "--yes", config.DAG_ID])
    settings.server.leave_note("airflow", f"{digest_now} {settings.source}")
    if source_before not in ("", settings.source):
        return f"paused {config.DAG_ID}, because the source changed"
    return "nothing to do" if digest_before == digest_now else None

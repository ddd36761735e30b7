"""What ``make assets-export`` and ``make assets-import`` do: charts and dashboards, between Superset and the files."""

import subprocess

from local_stack.commands.stack import running_settings
from local_stack.configuration import environments
from local_stack.configuration.settings import ROOT
from local_stack.errors import StackError
from local_stack.processes import programs


def export_assets() -> int:
    """Write what people changed in the running Superset to superset/assets."""
    return _run("export_assets.py")


def import_assets() -> int:
    """Bring the running Superset to what superset/ describes; what people changed in our charts is lost."""
    return _run("bootstrap.py")


def _run(script: str) -> int:
    """Run a script below superset/ with the environment of the running Superset."""
    current = running_settings()
    if not programs.is_running(current, "superset"):
        raise StackError("Superset is not running: start it with `make up`.")
    return subprocess.run(
        [environments.superset_python(current), str(ROOT / "superset" / script)],
        cwd=ROOT,
        env=environments.common(current) | environments.superset(current),
    ).returncode

"""Exported assets are the files: what the bootstrap imported comes back byte by byte."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.yaml")}


def test_what_was_imported_is_exported_byte_by_byte(superset, tmp_path):
    command = [
        ROOT / ".venv" / "superset" / "bin" / "python",
        ROOT / "superset" / "export_assets.py",
        tmp_path,
    ]

    subprocess.run(command, env=superset.environment, check=True, capture_output=True)

    assert contents(tmp_path) == contents(ROOT / "superset" / "assets")

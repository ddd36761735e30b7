"""A copy of the project, where tests may start it with data and secrets of its own."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def copy_project(root: Path) -> Path:
    """Copy the files that git knows or would know, beside the environments that are installed here."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    (root / ".venv").symlink_to(ROOT / ".venv")
    # PostgreSQL runs as another user when it is started by root: it has to enter pytest's folders.
    for folder in (root, *root.parents):
        mode = folder.stat().st_mode
        if folder.stat().st_uid == os.geteuid() and mode & 0o011 != 0o011:
            folder.chmod(mode | 0o011)
    return root

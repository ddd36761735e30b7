"""Where the project's code lies, for processes that are started outside its environments' own path."""

import os
from pathlib import Path

CODE_FOLDERS = ("include", "tools")


def python_path(root: Path) -> str:
    """Return the PYTHONPATH of a process of the project: the pipeline, and the tools around it."""
    return os.pathsep.join(str(root / folder) for folder in CODE_FOLDERS)

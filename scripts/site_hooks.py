"""MkDocs calls these: the site has the Markdown files of the project's folder, too, and links between them lead to its pages."""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
# Those that are not in docs/ because GitHub looks for them in the project's folder.
NAMES = ("CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md")


def on_files(files: Any, config: Any) -> Any:
    """Add the project's own files to those of docs/."""
    for name in NAMES:
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return a page whose links are those of the site."""
    if page.file.src_uri in NAMES:
        return re.sub(r"\]\(docs/", "](", markdown)
    return re.sub(rf"\]\(\.\./(?={'|'.join(map(re.escape, NAMES))})", "](", markdown)

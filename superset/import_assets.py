"""Import the files below assets/ into Superset, and delete what was imported from a file that is gone.

What is imported bears the mark of its file and a digest of what it was. So people's own charts are told apart, and what people
changed in ours is noticed.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from typing import Any

import export_assets
import yaml
from sqlalchemy.engine.url import make_url

MARK = "superset/assets/"

log = logging.getLogger("bootstrap")


def import_assets(*, keep_changes: bool) -> None:
    """Import every file in one transaction; what exists is overwritten, unless people's changes are to be kept.

    Raises
    ------
    SystemExit
        If a file is not a valid asset, with Superset's messages.
    """
    from superset import security_manager
    from superset.commands.exceptions import CommandInvalidError
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    assets = dict(read_files())
    kept = {asset["uuid"] for _, asset in assets.items() if "uuid" in asset}
    if keep_changes:
        assets |= _changed_by_people(assets)
    contents = {name: yaml.safe_dump(asset) for name, asset in assets.items()}
    with override_user(security_manager.find_user("admin")):
        try:
            ImportAssetsCommand(contents).run()
        except CommandInvalidError as error:
            raise SystemExit(
                f"superset/assets is not valid: correct the files. Superset says: {error.normalized_messages()}"
            ) from error
    _record_digests()
    log.info("Imported %d assets.", len(contents))
    _delete_others(kept)


def read_files() -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield each file's name and content, with this server's warehouse and our mark."""
    for path in sorted(export_assets.ASSETS_DIR.rglob("*.yaml")):
        name = path.relative_to(export_assets.ASSETS_DIR).as_posix()
        asset = yaml.safe_load(path.read_text(encoding="utf-8"))
        if name.startswith("databases/"):
            # SQLALCHEMY_CUSTOM_PASSWORD_STORE gives the password when it is needed; none is stored.
            asset["sqlalchemy_uri"] = str(make_url(os.environ["AUSTIN_CRIME_READER_URL"]).set(password=None))
            # With workers, SQL Lab's queries run there and do not block a page.
            asset["allow_run_async"] = bool(os.environ.get("SUPERSET_REDIS_URL"))
        if name != "metadata.yaml":
            asset["external_url"] = MARK + name
        yield name, asset


def _changed_by_people(files: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return, by file, what people changed since it was imported, and what they added to our dashboards."""
    names = {asset["uuid"]: name for name, asset in files.items() if "uuid" in asset}
    marks = {str(one.uuid): one.external_url for one in _imported()}
    changed, own = {}, {}
    for kind, asset in _exported():
        mark = marks.get(asset["uuid"], "")
        _, _, digest = mark.partition("#")
        if asset["uuid"] not in names:
            own[f"{kind}/{asset['uuid']}.yaml"] = asset
        elif digest and digest != _digest(asset):
            # With the digest of what was imported: it stays changed until it is exported or discarded.
            changed[names[asset["uuid"]]] = asset | {"external_url": mark}
    if not changed:
        return {}
    log.warning(
        "People changed these since they were imported, and they stay as they are: %s. `make assets-export` writes them to"
        " superset/assets, `make assets-import` discards them.",
        ", ".join(sorted(changed)),
    )
    return changed | own


def _record_digests() -> None:
    """Add to the mark of what was imported from a file a digest of what it is now."""
    from superset import db

    digests = {asset["uuid"]: _digest(asset) for _, asset in _exported()}
    for one in _imported():
        if "#" not in one.external_url and str(one.uuid) in digests:
            one.external_url += f"#{digests[str(one.uuid)]}"
    db.session.commit()


def _delete_others(kept: set[str]) -> None:
    """Delete the dashboards, charts and datasets of ours whose file is gone."""
    from superset import db

    for one in _imported():
        if str(one.uuid) not in kept:
            log.info("Removed %s, because its file is gone.", one.external_url.partition("#")[0])
            db.session.delete(one)
    db.session.commit()


def _imported() -> list[Any]:
    """Return the dashboards, charts and datasets that bear our mark."""
    from superset import db
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    # In the order in which they can be deleted: a dashboard refers to charts, a chart to its dataset.
    return [
        one
        for model in (Dashboard, Slice, SqlaTable)
        for one in db.session.query(model).filter(model.external_url.startswith(MARK)).all()
    ]


def _exported() -> list[tuple[str, dict[str, Any]]]:
    """Return kind and content of what our dashboards show now, without what belongs to one server."""
    return [(kind, export_assets.normal(kind, asset)) for kind, asset in export_assets.read_assets()]


def _digest(asset: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(asset, sort_keys=True, default=str).encode()).hexdigest()[:16]

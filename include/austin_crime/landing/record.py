"""What a load keeps in its landing folder for a replay, and which loads can be replayed.

``settled.json`` holds the load's row of ``ops.loads``, its months and batches as they are when the load has settled,
and the SHA-256 of every other file; ``published.json`` the row when the load was published. Both carry their own SHA-256.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from upath import UPath

from austin_crime import config
from austin_crime.errors import ReplayRefused
from austin_crime.landing import batches, files
from austin_crime.warehouse.connection import Connection

log = logging.getLogger(__name__)

SETTLED, PUBLISHED = "settled.json", "published.json"
NAMES_SHOWN = 12


@dataclass(frozen=True)
class Record:
    """A load that has settled, as read from its landing folder."""

    folder: UPath
    # Its row of ops.loads, and the rows of staging.months and staging.batches, as PostgreSQL writes them in JSON.
    load: dict[str, Any]
    months: list[dict[str, Any]]
    batches: list[dict[str, Any]]
    # SHA-256 by name of the other files.
    files: dict[str, str]
    # Its row of ops.loads when it was published; None if it was not, or a crash came between.
    published: dict[str, Any] | None = None

    @property
    def load_id(self) -> str:
        """The load's id."""
        return str(self.load["load_id"])

    @property
    def finished_at(self) -> str:
        """When the load was published; if that was not written down, its last heartbeat."""
        return str(self.published["finished_at"] if self.published else self.load["last_seen_at"])

    @property
    def is_whole(self) -> bool:
        """Whether the load fetched every month whole and kept no older ids: its replay needs no earlier load."""
        return all(
            month["kind"] in ("whole", "vanished") and not month["is_mostly_new"] for month in self.months
        )


def write_settled(connection: Connection, load_id: str, folder: UPath) -> None:
    """Write ``settled.json``: what a load that has settled would publish."""
    row = connection.execute(
        "select to_jsonb(loads) as load,"
        " (select jsonb_agg(to_jsonb(months) order by source_month) from staging.months) as months,"
        " (select coalesce(jsonb_agg(to_jsonb(batches) order by batch_id), '[]') from staging.batches) as batches"
        " from ops.loads where load_id = %s",
        (load_id,),
    ).fetchall()[0]
    files.write_sealed(folder / SETTLED, row | {"files": _sums_of_files(folder)})


def write_published(connection: Connection, load_id: str, folder: UPath) -> None:
    """Write ``published.json``: that a load was published, and its counts."""
    row = connection.execute(
        "select to_jsonb(loads) as load from ops.loads where load_id = %s", (load_id,)
    ).fetchall()[0]
    files.write_sealed(folder / PUBLISHED, row["load"])


def _sums_of_files(folder: UPath) -> dict[str, str]:
    """Return the SHA-256 of the files of a landing folder by name; of a batch the one taken when it landed."""
    landed = {
        f"{batch_id}.json.gz": manifest.sha256 for batch_id, manifest in batches.manifests(folder).items()
    }
    others = [
        path for path in folder.iterdir() if path.suffix == ".json" and path.name not in (SETTLED, PUBLISHED)
    ]
    return landed | {path.name: files.sha256(path) for path in others}


def read_records() -> dict[str, Record]:
    """Return the records of all loads that settled, by load id.

    Of several attempts of a load, the published one counts, else the last.

    Raises
    ------
    ReplayRefused
        With the files that are damaged or missing.
    """
    records: dict[str, Record] = {}
    damaged = []
    paths = [path for name in (SETTLED, PUBLISHED) for path in files.root().glob(f"*/*/{name}")]
    folders = {path.parent for path in paths}
    for folder in sorted(folders, key=lambda folder: int(folder.name)):
        try:
            record = _read_record(folder)
        except ValueError as error:
            damaged.append(str(error))
        else:
            records[record.load_id] = record
    _refuse_damage(damaged, "Move a damaged load's folder away to replay what was published before it")
    return records


def _read_record(folder: UPath) -> Record:
    """Read the record of a load; ValueError, with the name, if a file is missing or was changed."""
    path = folder / PUBLISHED
    return Record(
        folder=folder,
        **files.read_sealed(folder / SETTLED),
        published=files.read_sealed(path) if path.exists() else None,
    )


def choose_loads(records: Mapping[str, Record], until: str | None = None) -> list[Record]:
    """Return the loads to replay, in order: the last one that fetched every month whole, and those published after it.

    Parameters
    ----------
    until
        The last load to replay; by default the one published last.

    Raises
    ------
    ReplayRefused
        If there is none, or the record of one in between is missing.
    """
    # A crash can come between publishing and writing published.json: a load that another was planned against was published.
    published = {record.load_id: record for record in records.values() if record.published}
    published |= {
        name: records[name]
        for name in {record.load["planned_against"] for record in records.values()} & records.keys()
    }
    newest_first = sorted(
        published, key=lambda name: datetime.fromisoformat(published[name].finished_at), reverse=True
    )
    last = until or next(iter(newest_first), None)
    if last not in published:
        names = ", ".join(newest_first[:NAMES_SHOWN]) or "none"
        raise ReplayRefused(
            f"The landing {config.landing_url()} holds no published load {until or ''}".rstrip()
            + f"; published loads there, newest first: {names}."
        )
    to_replay = [published[last]]
    while not to_replay[0].is_whole:
        before = to_replay[0].load["planned_against"]
        if before not in published:
            raise ReplayRefused(
                f"Load {to_replay[0].load_id} builds on load {before}, and the landing {config.landing_url()} has no record of"
                " that. Restore its folder, or run a nightly load on the empty warehouse: it fetches everything."
            )
        to_replay.insert(0, published[before])
    return to_replay


def forget(folder: UPath) -> None:
    """Delete the landing folder of an attempt; the record goes first, so that half a folder is never taken for a whole one."""
    for name in (PUBLISHED, SETTLED):
        (folder / name).unlink(missing_ok=True)
    files.empty(folder)


def refuse_damaged_files(to_replay: list[Record]) -> None:
    """Raise ReplayRefused, naming all of them, if files are missing or were changed."""
    damaged: list[str] = []
    advice = "No state can be replayed without them"
    for number, record in enumerate(to_replay):
        damaged_files = [
            str(record.folder / name)
            for name, digest in sorted(record.files.items())
            if not (record.folder / name).exists() or files.sha256(record.folder / name) != digest
        ]
        if damaged_files and not damaged and number:
            advice = f"Without them the warehouse can be replayed --until {to_replay[number - 1].load_id}"
        damaged += damaged_files
    _refuse_damage(damaged, advice)


def _refuse_damage(damaged: list[str], advice: str) -> None:
    """Raise ReplayRefused if there are damaged files; the message says what to do."""
    if damaged:
        more = f" and {len(damaged) - NAMES_SHOWN} more" if len(damaged) > NAMES_SHOWN else ""
        raise ReplayRefused(
            f"The landing is damaged, and nothing was written. Missing or changed: {', '.join(damaged[:NAMES_SHOWN])}{more}."
            f" Restore them from a backup of the landing. {advice}; or run a nightly load on the empty warehouse:"
            " it fetches everything."
        )

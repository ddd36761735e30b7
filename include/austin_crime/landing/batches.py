"""Landed batches: one file as received and one manifest each."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from isal import igzip
from upath import UPath

from austin_crime.errors import LandingDamaged
from austin_crime.landing import files
from austin_crime.models import Batch, Manifest


def batch_path(folder: UPath, batch_id: str) -> UPath:
    """Return where a batch lands."""
    return folder / f"{batch_id}.json.gz"


def _manifest_path(folder: UPath, batch_id: str) -> UPath:
    """Return where the manifest of a batch lies."""
    return folder / f"{batch_id}.manifest.json"


def write_manifest(folder: UPath, manifest: Manifest) -> None:
    """Write the manifest of a batch whose file has landed."""
    files.write_json(_manifest_path(folder, manifest.batch_id), asdict(manifest))


def _read_manifest(path: UPath) -> Manifest:
    """Read a manifest; in older ones the address is called ``asked``."""
    content = files.read_json(path)
    return Manifest(**{"url" if name == "asked" else name: value for name, value in content.items()})


def manifest_of(folder: UPath, batch: Batch) -> Manifest:
    """Read the manifest of a batch that has landed; its file is not looked at."""
    return _read_manifest(_manifest_path(folder, batch.batch_id))


def landed(folder: UPath, batch: Batch) -> Manifest | None:
    """Return the manifest of a batch that has landed completely, else None."""
    path, path_of_manifest = batch_path(folder, batch.batch_id), _manifest_path(folder, batch.batch_id)
    if not (path.exists() and path_of_manifest.exists()):
        return None
    manifest = _read_manifest(path_of_manifest)
    return manifest if files.sha256(path) == manifest.sha256 else None


@contextmanager
def open_landed(folder: UPath, batch: Batch) -> Iterator[io.BufferedIOBase]:
    """Open the body of a landed batch, decompressed as it is read.

    Raises
    ------
    LandingDamaged
        If the batch has not landed, or its file was changed.
    """
    path = batch_path(folder, batch.batch_id)
    if landed(folder, batch) is None:
        raise LandingDamaged(f"{path} is missing or damaged: trigger a new run.")
    with path.open("rb") as compressed_body, igzip.IGzipFile(fileobj=compressed_body) as body:
        yield body


def manifests(folder: UPath) -> dict[str, Manifest]:
    """Return the manifests of all batches landed in a folder, by batch."""
    read = [_read_manifest(path) for path in sorted(folder.glob("*.manifest.json"))]
    return {manifest.batch_id: manifest for manifest in read}

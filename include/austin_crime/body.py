"""The body of an answer as it comes: a gzip stream, counted and judged piece by piece."""

import hashlib
from collections.abc import Iterator

import requests
from isal import isal_zlib

from austin_crime import landing, portal

# A gzip stream, as zlib numbers what it reads and writes.
GZIP = isal_zlib.MAX_WBITS | 16


def gzip_pieces(response: requests.Response) -> Iterator[bytes]:
    """Yield the body's gzip stream as it comes; a body that came unpacked is packed."""
    is_gzip = response.headers.get("Content-Encoding", "").lower() == "gzip"
    try:
        pieces = response.raw.stream(landing.CHUNK_BYTES, decode_content=False)
        yield from pieces if is_gzip else packed(pieces)
    except portal.BROKEN_BODY as error:
        raise portal.PortalBusy(f"{response.url}: the body was cut ({error}); ask again.") from error


def packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Pack a body with gzip."""
    packer = isal_zlib.compressobj(level=1, wbits=GZIP)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


class BodyCounter:
    """Counts the reports of a gzip stream piece by piece, and tells whether it is a whole JSON array."""

    # Quotes inside a JSON string are escaped, so these bytes are a key, once in every report.
    KEY = b'":id":'

    def __init__(self, url: str) -> None:
        self.url = url
        self.digest = hashlib.sha256()
        self.unpacker = isal_zlib.decompressobj(wbits=GZIP)
        self.byte_count = self.report_count = 0
        self.first = self.tail = b""

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the stream."""
        self.digest.update(piece)
        self.byte_count += len(piece)
        try:
            text = self.unpacker.decompress(piece)
        except isal_zlib.IsalError as error:  # type: ignore[misc]  # its stub takes the class for an instance
            raise portal.PortalBusy(
                f"{self.url}: the body is not gzip as its header says ({error})."
            ) from error
        self.first = (self.first + text[:1]).strip()[:1]
        # Keep what could be the beginning of a key; a whole key is longer than what is kept, so none counts twice.
        window = self.tail[-(len(self.KEY) - 1) :] + text
        self.report_count += window.count(self.KEY)
        self.tail = window[-64:]

    def finish(self) -> None:
        """Raise PortalBusy unless the stream ended where a JSON array ends."""
        if not self.unpacker.eof:
            raise portal.PortalBusy(f"{self.url}: the body was cut after {self.byte_count} bytes; ask again.")
        if self.first != b"[" or not self.tail.rstrip().endswith(b"]"):
            raise portal.PortalBusy(
                f"{self.url}: expected a JSON array, came a body that begins {self.first!r} and ends {self.tail[-40:]!r}."
            )

"""The body of an answer as a gzip stream, whose reports are counted as it is received."""

import hashlib
import re
from collections.abc import Iterator

import requests
from isal import isal_zlib

from austin_crime.errors import PortalBusy
from austin_crime.portal import answers

CHUNK_BYTES = 1 << 20
# zlib's code for a gzip stream.
GZIP = isal_zlib.MAX_WBITS | 16
GZIP_MAGIC = b"\x1f"
GZIP_NAMES = frozenset({"gzip", "x-gzip"})
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLANKS = b" \t\r\n"


def gzip_pieces(response: requests.Response, what: str) -> Iterator[bytes]:
    """Yield the body as a gzip stream, as received; a body that is not gzip is compressed."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    is_gzip = encoding in GZIP_NAMES
    try:
        pieces = response.raw.stream(CHUNK_BYTES, decode_content=not is_gzip)
        yield from pieces if is_gzip else _packed(pieces)
    except answers.BROKEN_BODY as error:
        raise PortalBusy(f"Asked for {what}: the body broke off ({answers.reason(error)}).") from error


def _packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = isal_zlib.compressobj(level=1, wbits=GZIP)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


class BodyCounter:
    """Count the reports of a gzip stream piece by piece, and check that it is a complete JSON array.

    A report has one key ``":id":``, perhaps with blanks before the colon; quotes inside a JSON string are escaped, so the
    same bytes cannot be part of a value. The count decides whether to ask again; staged reports are counted from the parsed JSON.
    """

    KEY = b'":id":'
    KEY_WITH_BLANKS = re.compile(rb'":id"\s*:')
    # How much of a body is kept to see how it is written, and how it ends.
    HEAD_BYTES, TAIL_BYTES = 4096, 64

    def __init__(self, what: str) -> None:
        self.what = what
        self.digest = hashlib.sha256()
        self.byte_count = self.report_count = 0
        self._unpacker = isal_zlib.decompressobj(wbits=GZIP)
        self._head = self._tail = self._uncounted = b""
        self._has_blanks = False

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the stream, of one gzip member or several (RFC 1952)."""
        self.digest.update(piece)
        self.byte_count += len(piece)
        try:
            while piece:
                if self._unpacker.eof:
                    piece = piece.lstrip(b"\0")  # padding after a member
                    if not piece:
                        return
                    if not piece.startswith(GZIP_MAGIC):
                        raise PortalBusy(f"Asked for {self.what}: behind the gzip stream come other bytes.")
                    self._unpacker = isal_zlib.decompressobj(wbits=GZIP)
                self._take(self._unpacker.decompress(piece))
                piece = self._unpacker.unused_data
        except isal_zlib.IsalError as error:  # type: ignore[misc]  # its stub takes the class for an instance
            raise PortalBusy(
                f"Asked for {self.what}: the body is not gzip as its header says ({error})."
            ) from error

    def _take(self, text: bytes) -> None:
        """Count the keys in a piece of text; a key cut at its end is counted with the next piece."""
        if len(self._head) < self.HEAD_BYTES:
            self._head += text[: self.HEAD_BYTES]
            self._has_blanks = self.KEY not in self._head
        window = self._uncounted + text
        if self._has_blanks:
            ends = [match.end() for match in self.KEY_WITH_BLANKS.finditer(window)]
            self.report_count += len(ends)
            self._uncounted = window[max(ends[-1] if ends else 0, len(window) - self.TAIL_BYTES) :]
        else:
            self.report_count += window.count(self.KEY)
            self._uncounted = window[-(len(self.KEY) - 1) :]
        self._tail = (self._tail + text[-self.TAIL_BYTES :])[-self.TAIL_BYTES :]

    def finish(self) -> None:
        """Raise PortalBusy unless the stream ended where a JSON array ends."""
        if not self._unpacker.eof:
            raise PortalBusy(f"Asked for {self.what}: the body was cut after {self.byte_count} bytes.")
        head = self._head.removeprefix(BYTE_ORDER_MARK).lstrip(BLANKS)
        if head[:1] != b"[" or self._tail.rstrip(BLANKS)[-1:] != b"]":
            raise PortalBusy(
                f"Asked for {self.what}: expected a JSON array, got a body that begins with {head[:40]!r} and ends with"
                f" {self._tail[-40:]!r}."
            )

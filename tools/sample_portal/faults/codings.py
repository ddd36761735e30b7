"""Bodies packed in other ways than the portal's own, nearly all as the standards allow.

SOURCE: RFC 1952 (gzip) and RFC 9110 8.4.1 (content codings).
"""

import gzip
import zlib
from collections.abc import Callable, Mapping

_PADDING_BYTES = 512
_MEMBERS = 3


def _in_members(body: bytes) -> bytes:
    """Pack a body as several gzip members, one of them empty."""
    size = len(body) // _MEMBERS + 1
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(map(gzip.compress, [*parts[:1], b"", *parts[1:]]))


def _with_header(body: bytes) -> bytes:
    """Pack a body as a gzip member whose header holds a name, a comment and an extra field."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    extra = b"AB\x02\x00xy"
    header = b"\x1f\x8b\x08\x1c" + bytes(4) + b"\x00\xff" + len(extra).to_bytes(2, "little") + extra
    packed = packer.compress(body) + packer.flush()
    trailer = zlib.crc32(body).to_bytes(4, "little") + (len(body) % 2**32).to_bytes(4, "little")
    return header + b"reports.json\x00" + b"a comment\x00" + packed + trailer


def _deflate_raw(body: bytes) -> bytes:
    """Pack a body with deflate but without the zlib header, as some servers do against the standard."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


# By way: the header Content-Encoding, and how the body is packed.
CODINGS: Mapping[str, tuple[str | None, Callable[[bytes], bytes]]] = {
    "members": ("gzip", _in_members),
    "padded": ("gzip", lambda body: gzip.compress(body) + bytes(_PADDING_BYTES)),
    "header": ("gzip", _with_header),
    "x-gzip": ("x-gzip", gzip.compress),
    "upper": ("GZIP", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw_deflate": ("deflate", _deflate_raw),
    "identity": ("identity", bytes),
    "plain": (None, bytes),
    "twice": ("gzip, gzip", lambda body: gzip.compress(gzip.compress(body))),
}

"""What a request for a file asks beside its path (RFC 9110): encodings, validators, ranges."""

import re
from functools import lru_cache

_RANGE = re.compile(rb"bytes=(\d*)-(\d*)")


class Unsatisfiable(Exception):
    """The range lies wholly behind the end."""


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: bytes) -> bool:
    for choice in accept_encoding.lower().split(b","):
        name, _, weight = choice.partition(b";")
        if name.strip() in (b"gzip", b"*"):
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def is_known(if_none_match: bytes, etag: bytes) -> bool:
    """Weak comparison (section 13.1.2)."""
    known = [tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",")]
    return etag in known or b"*" in known


def byte_range(header: bytes, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last. None where the whole answer is due: several ranges, or nothing we read.

    Raises Unsatisfiable.
    """
    found = _RANGE.fullmatch(header.strip())
    if not found or found[1] == found[2] == b"":
        return None
    if not found[1]:
        first, end = max(0, size - int(found[2])), size
    else:
        first, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
    if found[1] and found[2] and int(found[2]) < int(found[1]):
        return None
    if first >= end:
        raise Unsatisfiable
    return first, end

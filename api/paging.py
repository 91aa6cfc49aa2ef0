"""Opaque cursors, bound to the filters they were made under."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from litestar.params import QueryParameter

from api.errors import CursorMismatch, InvalidCursor

T = TypeVar("T")
DEFAULT_LIMIT = 50
Limit = Annotated[int, QueryParameter(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[str | None, QueryParameter(max_length=512, description="`page.next` of the page before.")]


class Page(msgspec.Struct, rename="camel"):
    """`prev` is null on the first page."""

    next: str | None
    prev: str | None
    has_more: bool


Place = tuple[int, str]
BEGINNING: Place = (2**53, "")
# (towards the front, pinned moment, place, limit) -> rows; towards the front the nearest to `place` comes first.
Fetch = Callable[[bool, int, Place, int], list[T]]


def by_activity(
    filters: Sequence[Any],
    cursor: str | None,
    limit: int,
    *,
    latest: Callable[[], int],
    fetch: Fetch[T],
    place: Callable[[T], Place],
) -> tuple[list[T], Page, int]:
    """A page of a list with the latest activity first, and the moment that its cursors pin.

    What moves after the first page was read is on no later one, so nothing is shown twice. `latest`: the moment to pin;
    `place`: where an item stands, its activity (epoch milliseconds) and its id. Raises InvalidCursor, CursorMismatch.
    """
    back, at = False, BEGINNING
    if cursor is None:
        pinned = latest()
    else:
        back, pinned, *spot = decode(cursor, filters, (bool, int, int, str))
        at = (spot[0], spot[1])
    found = fetch(back, pinned, at, limit + 1)
    more, found = len(found) > limit, found[:limit]
    if back:
        found.reverse()

    def edge(item: T, back: bool) -> str:
        return encode(filters, (back, pinned, *place(item)))

    further, earlier = (True, more) if back else (more, cursor is not None)
    page = Page(
        next=edge(found[-1], False) if found and further else None,
        prev=edge(found[0], True) if found and earlier else None,
        has_more=further and bool(found),
    )
    return found, page, pinned


class _Cursor(msgspec.Struct, array_like=True):
    filters: str
    place: list[Any]


def encode(filters: Sequence[Any], place: Sequence[Any]) -> str:
    raw = msgspec.json.encode(_Cursor(_bound(filters), list(place)))
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(cursor: str, filters: Sequence[Any], types: Sequence[type]) -> list[Any]:
    """The place a cursor stands for: one value of each of `types`. Raises InvalidCursor, CursorMismatch."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        read = msgspec.json.decode(raw, type=_Cursor)
    except (ValueError, msgspec.DecodeError):
        raise InvalidCursor from None
    if read.filters != _bound(filters):
        raise CursorMismatch
    if [type(value) for value in read.place] != list(types) or any(_too_large(value) for value in read.place):
        raise InvalidCursor
    return read.place


def _bound(filters: Sequence[Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(list(filters))).hexdigest()[:16]


def _too_large(value: Any) -> bool:
    return "\0" in value if isinstance(value, str) else isinstance(value, int) and abs(value) >= 2**53

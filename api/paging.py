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


def cut(found: list[T], limit: int, *, back: bool, first: bool, edge: Callable[[T, bool], str]) -> tuple[list[T], Page]:
    """The page of a list of which `limit` + 1 were asked for; `edge` makes the cursor that goes on from an item."""
    more, items = len(found) > limit, found[:limit]
    if back:
        items.reverse()
    further, earlier = (True, more) if back else (more, not first)
    page = Page(
        next=edge(items[-1], False) if items and further else None,
        prev=edge(items[0], True) if items and earlier else None,
        has_more=further and bool(items),
    )
    return items, page


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

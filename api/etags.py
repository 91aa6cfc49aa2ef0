"""Entity tags and the conditions callers put on them (RFC 9110 section 13)."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Response
from litestar.openapi.datastructures import ResponseSpec

from api import __version__
from api.errors import PreconditionFailed, PreconditionRequired
from api.requests import Request

# For `responses=` of a route whose answer is `conditional`.
NOT_MODIFIED = {304: ResponseSpec(None, description="You have it already", generate_examples=False)}
BUILD = hashlib.sha256(__version__.encode()).hexdigest()[:8]


def tag(version: int | str, *ingredients: str) -> str:
    """`version`: a number, or the name of a build; `ingredients`: what else the body depends on, such as the role."""
    rest = hashlib.sha256("\0".join((BUILD, *ingredients)).encode()).hexdigest()[:8] if ingredients else BUILD
    return f'"{version}.{rest}"'


def created(kind: type[msgspec.Struct]) -> ResponseSpec:
    """For `responses=` of a PUT that makes what is not there."""
    return ResponseSpec(kind, description="Recorded; it is new", generate_examples=False)


def conditional(request: Request, body: Any, etag: str) -> Response[Any]:
    """The body with its tag, or 304 when the caller has it already. Raises PreconditionFailed."""
    # RFC 9110 section 13.2.2: If-Match is looked at first.
    if_match(request).check(etag)
    if _listed(request, b"if-none-match", etag):
        return Response(None, status_code=304, headers={"ETag": etag})
    return Response(msgspec.json.encode(body), headers={"ETag": etag}, media_type="application/json")


class IfMatch(msgspec.Struct, frozen=True):
    """The tags a change is good for; without the header it is good for all."""

    tags: tuple[str, ...] | None

    def check(self, etag: str | None) -> None:
        """`etag` of what is there now, None when there is nothing. Raises PreconditionFailed."""
        if self.tags is None:
            return
        if etag is None or (etag not in self.tags and "*" not in self.tags):
            raise PreconditionFailed


def if_match(request: Request) -> IfMatch:
    tags = _tags(request, b"if-match")
    return IfMatch(None if tags is None else tuple(tags))


def if_match_needed(request: Request) -> IfMatch:
    """Raises PreconditionRequired without the header."""
    condition = if_match(request)
    if condition.tags is None:
        raise PreconditionRequired
    return condition


def _tags(request: Request, name: bytes) -> Sequence[str] | None:
    values = [value.decode("latin-1") for key, value in request.scope["headers"] if key == name]
    return [tag.strip() for value in values for tag in value.split(",")] if values else None


def _listed(request: Request, name: bytes, etag: str) -> bool:
    tags = _tags(request, name) or []
    return "*" in tags or etag in (tag.removeprefix("W/") for tag in tags)

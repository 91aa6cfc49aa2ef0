"""The base of every request body, and the one way a body becomes one."""

import json
import unicodedata
from collections.abc import Iterable
from typing import Any, TypeVar, cast

import litestar
import msgspec
from litestar.datastructures import State

from api.auth import Actor
from api.db import Database
from api.errors import InvalidRequest, MalformedBody, UnsupportedMediaType
from api.settings import Settings

T = TypeVar("T")
MAX_BODY = 65_536


class Body(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """A request body lists only what a caller may set."""


class Request(litestar.Request[Actor, None, State]):
    """What a route is handed: who calls, and the database."""

    @property
    def actor(self) -> Actor:
        return self.scope["user"]  # type: ignore[no-any-return]

    @property
    def db(self) -> Database:
        return cast(Database, self.app.state.db)

    @property
    def settings(self) -> Settings:
        return cast(Settings, self.app.state.settings)

    async def json(self) -> Any:
        """The body as the route's `data` declares it. Raises UnsupportedMediaType, MalformedBody, InvalidRequest."""
        if not is_json(self.scope["headers"]):
            raise UnsupportedMediaType
        kind = self.route_handler.parsed_fn_signature.parameters["data"].annotation
        return parse(await self.body(), kind)


def is_json(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    kinds = [value for name, value in headers if name == b"content-type"]
    if len(kinds) != 1:
        return False
    kind, _, parameter = kinds[0].lower().partition(b";")
    return kind.strip() == b"application/json" and parameter.strip() in (b"", b"charset=utf-8", b'charset="utf-8"')


def parse(raw: bytes, kind: type[T]) -> T:
    """Read JSON strictly: no duplicate key, NUL, lone surrogate, NaN or unknown field; text comes out as NFC."""
    return fit(read(raw), kind)


def read(raw: bytes) -> Any:
    """The value of a JSON text. Raises MalformedBody, InvalidRequest."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.") from None
    except ValueError:
        # Not the parser's own words: they quote the body.
        raise MalformedBody("Send one JSON object in UTF-8.") from None
    return _clean(value, raw)


def fit(value: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidRequest.at(f"/{twice[:64]}", "duplicate_key", "stands twice in one object")
    return found


def _no_constant(_: str) -> Any:
    raise ValueError


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError
    return value


def _clean(value: Any, raw: bytes) -> Any:
    # Most bodies are plain ASCII without escapes of code points: nothing in them can need a look.
    return value if raw.isascii() and b"\\u" not in raw else _normal(value, "")


def _normal(value: Any, pointer: str) -> Any:
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise InvalidRequest.at(pointer, "invalid_text", "holds a character that is not text")
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_normal(item, f"{pointer}/{i}") for i, item in enumerate(value)]
    if isinstance(value, dict):
        return {_normal(name, pointer): _normal(item, f"{pointer}/{name}") for name, item in value.items()}
    return value


def invalid(message: str) -> InvalidRequest:
    """msgspec's sentence as a problem with a JSON pointer."""
    reason, _, place = message.partition(" - at `$")
    pointer = place.rstrip("`").replace("[", ".").replace("]", "").replace("...", "?").replace(".", "/")
    name = reason.rpartition("field `")[2].rstrip("`")
    if reason.startswith("Object contains unknown field"):
        return InvalidRequest.at(f"{pointer}/{name[:64]}", "unknown_field", "is not a field of this request")
    if reason.startswith("Object missing required field"):
        return InvalidRequest.at(f"{pointer}/{name}", "required", "is missing")
    return InvalidRequest.at(pointer, "invalid", reason.replace("`", ""))

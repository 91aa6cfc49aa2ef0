"""The base of every request body, and the one way a body becomes one."""

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, cast

import litestar
import msgspec
from litestar.datastructures import State
from litestar.types import Receive

from api.auth import Actor
from api.db import Database
from api.errors import InvalidRequest, MalformedBody, TooLarge, UnsupportedMediaType
from api.settings import Settings

T = TypeVar("T")
MAX_BODY = 65_536
# Callers who keep numbers as doubles would see another one beyond this.
MAX_NUMBER = 2**53 - 1
NOT_TEXT = re.compile("[\0\ud800-\udfff]")
MOST_MARKS = 30
LIMIT = re.compile(r"Expected `(\w+)`(?: of length)? (<=|>=|<|>) (-?[0-9.]+)")
BOUNDS = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than"}


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

    @property
    def only_head(self) -> bool:
        """Of the answer only the headers are wanted (HEAD, which routes see as GET)."""
        return bool(self.scope["passage"].head)  # type: ignore[typeddict-item]

    async def body(self) -> bytes:
        """All of it, once. Litestar's way costs a small body three times as much. Raises TooLarge, MalformedBody."""
        if isinstance(self._body, bytes):
            return self._body
        self._body = body = await _read_all(self.receive)
        return body

    async def json(self) -> Any:
        """The body as the route's `data` declares it. Raises UnsupportedMediaType, MalformedBody, InvalidRequest."""
        if not is_json(self.scope["headers"]):
            raise UnsupportedMediaType
        kind = self.route_handler.parsed_fn_signature.parameters["data"].annotation
        return parse(await self.body(), kind)


async def _read_all(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        event = await receive()
        if event["type"] != "http.request":
            # The caller went away in the middle of it: nobody's mistake, and nobody reads the answer.
            raise MalformedBody("The body ended early.")
        parts.append(event["body"])
        size += len(event["body"])
        if size > MAX_BODY:
            raise TooLarge
        if not event.get("more_body"):
            return b"".join(parts)


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
        return _read(raw)
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.") from None


def fit(value: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from None


def _read(raw: bytes) -> Any:
    try:
        value = _decode(raw.decode())
    except _Odd:
        raise _oddity(raw.decode()) from None
    except ValueError:
        raise _not_json() from None
    # Most bodies are plain ASCII without escapes of code points: nothing in them can need a look.
    return value if raw.isascii() and b"\\u" not in raw else _normal(value, "")


def _not_json() -> MalformedBody:
    # Not the parser's own words: they quote the body.
    return MalformedBody("Send one JSON object in UTF-8.")


class _Odd(Exception):
    """JSON that other readers would understand differently."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Odd
    return found


def _constant(_: str) -> Any:
    raise ValueError


def _int(text: str) -> int:
    # What is longer than this is larger than MAX_NUMBER.
    if len(text) > 17 or abs(value := int(text)) > MAX_NUMBER:
        raise _Odd
    return value


def _float(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise _Odd
    return value


# Made once: `json.loads` would make a decoder for each body.
_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_constant
).decode


class _Pairs(list[tuple[str, Any]]):
    """An object as it was written."""


def _oddity(text: str) -> InvalidRequest | MalformedBody:
    """Read it again, slowly, to say where; what follows the oddity may be no JSON at all."""

    def number(text: str) -> Any:
        try:
            return _float(text) if set(text) & set(".eE") else _int(text)
        except _Odd:
            return _Odd()

    read = json.JSONDecoder(
        object_pairs_hook=_Pairs, parse_int=number, parse_float=number, parse_constant=_constant
    ).decode
    try:
        whole = read(text)
    except ValueError:
        return _not_json()
    return next(_oddities(whole, ""))


def _oddities(value: Any, pointer: str) -> Iterator[InvalidRequest]:
    if isinstance(value, _Odd):
        yield InvalidRequest.at(pointer, "out_of_range", "is a number too large to be kept exactly")
    elif isinstance(value, _Pairs):
        seen = set()
        for name, item in value:
            if name in seen:
                yield InvalidRequest.at(_below(pointer, name), "duplicate_key", "stands twice in one object")
            seen.add(name)
            yield from _oddities(item, _below(pointer, name))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _oddities(item, f"{pointer}/{i}")


def _normal(value: Any, pointer: str) -> Any:
    if isinstance(value, str):
        if NOT_TEXT.search(value) or _piled_up(value):
            raise InvalidRequest.at(pointer, "invalid_text", "holds a character that is not text")
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_normal(item, f"{pointer}/{i}") for i, item in enumerate(value)]
    if isinstance(value, dict):
        found = {_normal(name, pointer): _normal(item, _below(pointer, name)) for name, item in value.items()}
        if len(found) != len(value):
            raise InvalidRequest.at(pointer, "duplicate_key", "has a name twice, in two spellings")
        return found
    return value


def _piled_up(text: str) -> bool:
    """More marks on one letter than any language has (UAX 15 section 12.1); sorting 30,000 of them takes a second."""
    run = 0
    if len(text) > MOST_MARKS and any(map(unicodedata.combining, text)):
        for character in text:
            run = run + 1 if unicodedata.combining(character) else 0
            if run > MOST_MARKS:
                return True
    return False


def _below(pointer: str, name: str) -> str:
    """The JSON pointer of a member (RFC 6901 section 3); of a name that somebody else chose, only the beginning."""
    shown = name[:64].replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{NOT_TEXT.sub('?', shown)}"


def invalid(message: str) -> InvalidRequest:
    """msgspec's sentence as a problem with a JSON pointer."""
    # A name of a dict that is none of those it takes is told as "at `key` in" the dict.
    reason, _, place = message.replace(" - at `key` in `$", " - at `$").partition(" - at `$")
    # `[...]` is some member of a dict: msgspec does not say which.
    pointer = place.rstrip("`").partition("[...]")[0].replace("[", "/").replace("]", "").replace(".", "/")
    name = reason.partition("field `")[2].rstrip("`")
    if reason.startswith("Object contains unknown field"):
        return InvalidRequest.at(_below(pointer, name), "unknown_field", "is not a field of this request")
    if reason.startswith("Object missing required field"):
        return InvalidRequest.at(_below(pointer, name), "required", "is missing")
    return InvalidRequest.at(pointer, "invalid", told(reason))


def told(reason: str) -> str:
    """msgspec's reason without what was sent."""
    if reason.startswith(("Invalid enum value", "Invalid value")):
        return "is none of the values in the reference"
    if limit := LIMIT.match(reason):
        kind, bound, number = limit.groups()
        unit = "" if kind in ("int", "float") else " characters" if kind == "str" else " items"
        return f"must {'have' if unit else 'be'} {BOUNDS[bound]} {number}{unit}"
    if "matching regex" in reason:
        return "is not written as the reference says"
    return reason.partition(" - at `$")[0].replace("`", "")

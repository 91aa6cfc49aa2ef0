"""What travels over the socket: frames in, frames out, and why a socket is closed."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeGuard

import msgspec
from msgspec import Meta

from api import requests
from api.auth import Actor
from api.db import Database
from api.db.rows import Record
from api.errors import MalformedBody, ProblemDetails
from api.limits import Bucket
from api.requests import Body
from api.settings import Settings

MAX_FRAME = 65_536
PING_SECONDS = 25
FrameId = Annotated[int, Meta(ge=0, lt=2**53)] | Annotated[str, Meta(min_length=1, max_length=64)]


class Close(msgspec.Struct, frozen=True):
    """`reconnect`: when a client should try again; `docs/developers/socket.md` shows the table."""

    code: int
    reason: str
    reconnect: str


RESTARTING = Close(1012, "restarting", "after the time the notice gave")
OVERLOADED = Close(1013, "slow or overloaded", "after a back-off, and resume")
SIGNED_OUT = Close(4401, "token expired or revoked", "with a new token")
FORBIDDEN = Close(4403, "forbidden", "never")
NO_HELLO = Close(4408, "no hello in time", "at once, and say hello")
TOO_MANY = Close(4409, "too many sockets", "never: another device took the place")
TOO_FAST = Close(4429, "too fast", "after a minute")
BAD_FRAMES = Close(1008, "repeated bad frames", "never: mend the client")
TOO_BIG = Close(1009, "too big", "never: mend the client")
ENDED = Close(1000, "ended by its user", "never")
CLOSES = (RESTARTING, OVERLOADED, SIGNED_OUT, FORBIDDEN, NO_HELLO, TOO_MANY, TOO_FAST, BAD_FRAMES, TOO_BIG, ENDED)


class Resume(Body):
    epoch: str
    positions: dict[str, Annotated[int, Meta(ge=0, lt=2**53)]]


class Hello(Body):
    token: Annotated[str, Meta(max_length=8192)] | None = None
    resume: Resume | None = None


class Ping(Body):
    pass


class Done(Record):
    """There is nothing more to say."""


class Caller(msgspec.Struct, frozen=True):
    """What a frame's handler is handed."""

    actor: Actor
    db: Database
    settings: Settings


class FrameKind(msgspec.Struct, frozen=True):
    """A frame that a feature takes: its fields, its rate limit, and what answers it."""

    body: type[Body]
    bucket: Bucket
    handle: Callable[[Caller, Any], Awaitable[Any]]


class Frame(msgspec.Struct):
    """A client's frame: its type, the id that its ack or error carries, and the fields of its type."""

    type: str
    id: FrameId
    fields: dict[str, Any]


def opened(frame: str | None) -> Frame:
    """Raises MalformedBody for what is no frame at all."""
    if frame is None:
        raise MalformedBody("Send text frames of JSON.")
    fields = requests.read(frame.encode("utf-8", "surrogatepass"))
    kind, frame_id = (fields.pop("type", None), fields.pop("id", None)) if isinstance(fields, dict) else (None, None)
    if not isinstance(kind, str) or not _is_id(frame_id):
        raise MalformedBody("Send JSON objects with a type and an id.")
    return Frame(kind, frame_id, fields)


def _is_id(value: Any) -> TypeGuard[FrameId]:
    if isinstance(value, str):
        return 1 <= len(value) <= 64
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


class Beginning(Record, tag_field="type", tag="welcome"):
    """Where a feed of server-sent events begins; `recovered: false` means that the state is to be loaded over REST."""

    epoch: str
    positions: dict[str, int]
    recovered: bool


class Welcome(Beginning, tag="welcome"):
    """After the ack of the hello; `recovered: false` means that the state is to be loaded over REST."""

    read_only: bool
    user: Actor
    ping_interval_seconds: int = PING_SECONDS
    max_frame_bytes: int = MAX_FRAME


class Ack(Record, tag_field="type", tag="ack"):
    """What the client asked for has happened; `id` is its frame's."""

    id: FrameId
    result: Any


class Error(Record, tag_field="type", tag="error"):
    """What the client asked for has not happened. The `id` of a frame that cannot be read is null."""

    id: FrameId | None
    problem: ProblemDetails


class Mode(Record, tag_field="type", tag="mode"):
    """Writing stopped because the disk takes no writes, or works again."""

    read_only: bool


class Restarting(Record, tag_field="type", tag="restarting"):
    """The last frame before a close with 1012."""

    reconnect_in_ms: int


# What is no event.
ANSWERS = (Welcome, Ack, Error, Mode, Restarting)
_encode = msgspec.json.Encoder().encode


def encoded(frame: Record) -> str:
    return _encode(frame).decode()

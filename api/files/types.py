"""Files as they are stored, answered and hung on something."""

from typing import Annotated, Literal

import msgspec
from litestar.params import PathParameter

from api.db.rows import Record

Purpose = Literal["chat", "ticket", "evidence"]
PURPOSES: tuple[Purpose, ...] = ("chat", "ticket", "evidence")
# pending: not looked at by the scanner yet; quarantined: it found something.
State = Literal["pending", "ready", "quarantined"]
FilePath = Annotated[str, PathParameter(name="fileId", pattern=r"^[A-Za-z0-9_]{1,64}(?!\n)$")]
ROOT = "/api/provider-communication/files"


class File(Record):
    """`blob` and `thumbnail` are names on disk, `subject` what it hangs on."""

    id: str
    owner_id: str
    purpose: Purpose
    state: State
    name: str
    type: str
    size: int
    sha256: str
    width: int | None
    height: int | None
    duration_seconds: float | None
    blob: str
    thumbnail: str | None
    key_id: str
    subject: str | None = None


class Uploaded(Record):
    """`size` and `sha256` are those of what is stored: an image is made anew, without what the camera wrote into it.

    `state`: `ready` to be attached, `pending` while the virus scanner has not answered, or `quarantined`.
    """

    id: str
    name: str
    type: str
    size: int
    sha256: str
    state: State
    width: int | None
    height: int | None
    duration_seconds: float | None


class Attachment(Record):
    """`url` is relative to this server; in answers it is good for 5 minutes, for its caller, without a token."""

    id: str
    name: str
    type: str
    size: int
    width: int | None
    height: int | None
    duration_seconds: float | None
    url: str
    thumbnail_url: str | None


class Blobs(Record):
    """What is left of a file that was deleted."""

    owner_id: str
    size: int
    blob: str
    thumbnail: str | None


class Hung(msgspec.Struct, frozen=True):
    """An attachment and what it hangs on."""

    subject: str
    attachment: Attachment


class Quota(msgspec.Struct, frozen=True):
    """The most that one user may have stored."""

    files: int
    bytes: int


class Usage(Record):
    files: int
    bytes: int

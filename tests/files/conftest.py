"""What people upload, made here byte by byte."""

import io
import zipfile
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.auth import Actor
from api.boundary import Boundary
from api.chat import queries
from api.db import Tx
from api.files import actions, links
from api.files.types import Attachment
from api.settings import Settings
from tests.conftest import SetClock

TEXT = b"The valve below the sink does not close fully.\n"
PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n"


async def upload(
    who: httpx.AsyncClient,
    content: bytes = TEXT,
    name: str = "note.txt",
    *,
    purpose: str = "chat",
    key: str | None = None,
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await who.post("/files", data={"purpose": purpose}, files={"file": (name, content)}, headers=headers)


async def uploaded(
    who: httpx.AsyncClient, content: bytes = TEXT, name: str = "note.txt", *, purpose: str = "chat"
) -> Any:
    """Upload a file and return its answer."""
    answer = await upload(who, content, name, purpose=purpose)
    assert answer.status_code == 201, answer.text
    return answer.json()


def archive(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return target.getvalue()


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def document(main: str, more: dict[str, bytes] | None = None) -> bytes:
    """An Office document that says of itself what it is."""
    types = f'<Types><Override PartName="/word/document.xml" ContentType="{main}"/></Types>'
    return archive({"[Content_Types].xml": types.encode(), "word/document.xml": b"<document/>"} | (more or {}))


def members(tx: Tx, actor: Actor, booking_id: str) -> bool:
    """Tickets of these tests are bookings, and their members may read what hangs on them."""
    return queries.room(tx, booking_id, actor.id) is not None


@pytest.fixture
def app(settings: Settings, clock: SetClock) -> Boundary:
    app = create_app(settings, clock)
    app._app.state.files.readers = {"ticket": members}
    return app


@pytest.fixture
def attach(app: Boundary) -> Callable[..., Awaitable[Any]]:
    """Hang files on a booking, as a feature does; the attachments as `reader` gets them."""

    async def call(owner: str, *file_ids: str, booking: str = "1", reader: str | None = None) -> list[Attachment]:
        def hang(tx: Tx) -> list[Attachment]:
            found = actions.attach(tx, Actor(owner, "provider", owner), file_ids, "ticket", booking)
            return links.signed(tx, Actor(reader or owner, "customer", ""), found)

        return await app._app.state.db.write(hang)  # type: ignore[no-any-return]

    return call

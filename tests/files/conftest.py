"""What people upload, made here byte by byte."""

import io
import zipfile
from typing import Any

import httpx

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


def archive(*, compression: int = zipfile.ZIP_DEFLATED, **entries: bytes) -> bytes:
    """A ZIP; `__` in a name stands for a slash."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as made:
        for name, content in entries.items():
            made.writestr(name.replace("__", "/"), content)
    return target.getvalue()

"""A file as an answer: whole or one range of it, opened segment by segment."""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Response
from litestar.response import Stream

from api.errors import RangeNotSatisfiable
from api.files.files import Files
from api.files.names import disposition
from api.files.seal import Opened
from api.files.types import File
from api.requests import Request
from api.site.conditions import Unsatisfiable, byte_range, is_known

POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


async def answer(request: Request, files: Files, file: File, thumbnail: bool) -> Response[Any]:
    """Raises RangeNotSatisfiable."""
    kind = "image/jpeg" if thumbnail else file.type
    etag = f'"{file.sha256[:32]}{"-t" if thumbnail else ""}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "Content-Disposition": disposition(kind, file.name),
        "Content-Security-Policy": POLICY,
    }
    if is_known(request.headers.get("if-none-match", "").encode(), etag.encode()):
        return Response(b"", status_code=304, headers=headers, media_type=kind)
    name = file.thumbnail if thumbnail and file.thumbnail else file.blob
    opened = await files.run(files.store.open, name)
    try:
        first, end = _span(request, etag, opened.size)
    except Unsatisfiable:
        opened.close()
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{opened.size}"}) from None
    partial = (first, end) != (0, opened.size)
    if partial:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{opened.size}"
    headers["Content-Length"] = str(end - first)
    if request.only_head:
        end = first
    status = 206 if partial else 200
    return Stream(_pieces(files, opened, first, end), status_code=status, headers=headers, media_type=kind)


def _span(request: Request, etag: str, size: int) -> tuple[int, int]:
    asked = request.headers.get("range", "")
    if_range = request.headers.get("if-range")
    found = byte_range(asked.encode(), size) if asked and if_range in (None, etag) else None
    return (0, size) if found is None else found


async def _pieces(files: Files, opened: Opened, first: int, end: int) -> AsyncIterator[bytes]:
    with opened:
        async for piece in files.pieces(opened, first, end):
            yield piece

"""The published site, served from memory. No request touches the file system, so no path can leave the build."""

import os
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import msgspec
from msgspec import Struct

from api.errors import MethodNotAllowed, NotFound, RangeNotSatisfiable
from api.site import publish
from api.site.conditions import Unsatisfiable, accepts_gzip, byte_range, is_known
from api.site.marks import HEADERS, Headers

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
HeaderList = list[tuple[bytes, bytes]]

_TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".xml": b"application/xml",
    ".txt": b"text/plain; charset=utf-8",
    ".md": b"text/markdown; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".jpg": b"image/jpeg",
    ".webp": b"image/webp",
    ".ico": b"image/x-icon",
    ".webm": b"video/webm",
    ".vtt": b"text/vtt; charset=utf-8",
    ".zip": b"application/zip",
}
_HASHED = re.compile(r"\.[0-9a-f]{8,}\.")
_IMMUTABLE = b"public, max-age=31536000, immutable"
METHODS = "GET, HEAD, OPTIONS"


class Representation(Struct, frozen=True):
    """One body as it goes out. `kept` are the headers a 304 repeats."""

    body: bytes
    etag: bytes
    headers: HeaderList
    kept: HeaderList


class Resource(Struct, frozen=True):
    plain: Representation
    packed: Representation | None


class StaticSite:
    """An ASGI application for the whole of `/`. `refresh` may be called from any thread, one at a time.

    What it refuses it raises, as a Problem; only who reads HTML gets a page about what is not there.
    """

    def __init__(self, site_dir: Path) -> None:
        self._site_dir = site_dir
        self._published: Path | None = None
        self._resources: dict[str, Resource] = {}

    def refresh(self) -> bool:
        """Load the published build when it is another than before; true when it was.

        Raises OSError or msgspec.DecodeError; what was loaded before stays.
        """
        published = publish.current(self._site_dir)
        if published == self._published or published is None:
            return False
        self._resources = load(published, publish.builds(self._site_dir))
        self._published = published
        return True

    @property
    def ready(self) -> bool:
        return bool(self._resources)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise MethodNotAllowed(f"It takes {METHODS}.", headers={"Allow": METHODS})
        path = _path(scope)
        resource = self._resources.get(path)
        if resource:
            return await _serve(resource, scope, send)
        if path + "/" in self._resources:
            return await _redirect(path + "/", scope, send)
        return await _not_found(self._resources.get("/404.html"), scope, send)


def load(built: Path, earlier: Iterable[Path] = ()) -> dict[str, Resource]:
    """Every file of a build by its path; a folder's index.html also by the folder's.

    Of `earlier` builds only hashed assets, which pages loaded before the last publications still ask for.
    Raises OSError, msgspec.DecodeError.
    """
    shared = _shared_headers(built)
    resources: dict[str, Resource] = {}
    for folder in (*earlier, built):
        for file in _files(folder):
            path = f"/{file.relative_to(folder).as_posix()}"
            if folder is built or _is_hashed(path):
                resources[path] = _resource(file, path, shared)
    folders = {
        path.removesuffix("index.html"): page for path, page in resources.items() if path.endswith("/index.html")
    }
    return resources | folders


def _shared_headers(built: Path) -> HeaderList:
    policy = msgspec.json.decode((built / HEADERS).read_bytes(), type=Headers).content_security_policy
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
    ]


def _files(folder: Path) -> Iterator[Path]:
    for entry in os.scandir(folder):
        if entry.is_symlink() or entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _files(Path(entry.path))
        elif not entry.name.endswith(".gz"):
            yield Path(entry.path)


def _resource(file: Path, path: str, shared: HeaderList) -> Resource:
    body = file.read_bytes()
    digest = sha256(body).hexdigest()[:20]
    headers = [
        (b"content-type", _TYPES.get(file.suffix, b"application/octet-stream")),
        (b"cache-control", _IMMUTABLE if _is_hashed(path) else b"no-cache"),
        *shared,
    ]
    packed = file.with_name(file.name + ".gz")
    if not packed.is_file() or packed.is_symlink():
        return Resource(_representation(body, digest, [*headers, (b"accept-ranges", b"bytes")]), None)
    # Origin: what stands around this application answers it on every address.
    headers.append((b"vary", b"Accept-Encoding, Origin"))
    return Resource(
        _representation(body, digest, [*headers, (b"accept-ranges", b"bytes")]),
        _representation(packed.read_bytes(), f"{digest}-gz", [*headers, (b"content-encoding", b"gzip")]),
    )


def _representation(body: bytes, tag: str, headers: HeaderList) -> Representation:
    etag = f'"{tag}"'.encode()
    headers = [*headers, (b"etag", etag)]
    kept = [
        header for header in headers if header[0] in (b"etag", b"cache-control", b"vary", b"content-security-policy")
    ]
    return Representation(body, etag, [*headers, (b"content-length", str(len(body)).encode())], kept)


def _is_hashed(path: str) -> bool:
    return "/assets/" in path and bool(_HASHED.search(path))


def _path(scope: Scope) -> str:
    # Not scope["path"]: a mount may have cut it.
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return (unquote_to_bytes(raw) if b"%" in raw else raw).decode("utf-8", "replace")


async def _serve(resource: Resource, scope: Scope, send: Send) -> None:
    asked = dict(scope["headers"])
    chosen = resource.plain
    if resource.packed and b"range" not in asked and accepts_gzip(asked.get(b"accept-encoding", b"")):
        chosen = resource.packed
    if b"if-none-match" in asked and is_known(asked[b"if-none-match"], chosen.etag):
        return await _answer(send, 304, chosen.kept)
    if scope["method"] == "HEAD":
        return await _answer(send, 200, chosen.headers)
    if b"range" in asked and asked.get(b"if-range", chosen.etag) == chosen.etag:
        return await _serve_part(chosen, asked[b"range"], send)
    return await _answer(send, 200, chosen.headers, chosen.body)


async def _serve_part(whole: Representation, wanted: bytes, send: Send) -> None:
    size = len(whole.body)
    try:
        part = byte_range(wanted, size)
    except Unsatisfiable:
        raise RangeNotSatisfiable(f"It has {size} bytes.", headers={"Content-Range": f"bytes */{size}"}) from None
    if part is None:
        return await _answer(send, 200, whole.headers, whole.body)
    first, end = part
    headers = [header for header in whole.headers if header[0] != b"content-length"]
    headers += [
        (b"content-range", b"bytes %d-%d/%d" % (first, end - 1, size)),
        (b"content-length", b"%d" % (end - first)),
    ]
    return await _answer(send, 206, headers, whole.body[first:end])


async def _redirect(path: str, scope: Scope, send: Send) -> None:
    query: bytes = scope["query_string"]
    location = quote(path).encode() + (b"?" + query if query else b"")
    await _answer(send, 308, [(b"location", location), (b"content-length", b"0")])


async def _not_found(page: Resource | None, scope: Scope, send: Send) -> None:
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    if page is None or b"text/html" not in accepted:
        raise NotFound
    left_out = (b"etag", b"accept-ranges", b"vary")
    headers = [header for header in page.plain.headers if header[0] not in left_out]
    body = page.plain.body if scope["method"] == "GET" else b""
    await _answer(send, 404, [*headers, (b"vary", b"Accept, Origin")], body)


async def _answer(send: Send, status: int, headers: HeaderList, body: bytes = b"") -> None:
    # A copy: what stands around this application may add headers of its own to the list.
    await send({"type": "http.response.start", "status": status, "headers": [*headers]})
    await send({"type": "http.response.body", "body": body})

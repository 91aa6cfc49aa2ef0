"""Files over REST: uploaded first, then attached to something; who may read that may read them."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from litestar import Response, Router, get, post
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import QueryParameter

from api import idempotency
from api.db import Tx
from api.errors import (
    FileDamaged,
    FileNotReady,
    FileQuarantined,
    FileTypeRefused,
    ImageTooLarge,
    NotFound,
    QuotaExceeded,
    RangeNotSatisfiable,
    TooSlow,
)
from api.files import access, actions, intake, links, serve, upload
from api.files.access import Readers
from api.files.files import Files
from api.files.types import PURPOSES, File, FilePath, Uploaded
from api.requests import Request

Variant = Annotated[
    Literal["thumbnail"] | None, QueryParameter(description="A small JPEG of an image, where there is one.")
]
FORM = Schema(
    type=OpenAPIType.OBJECT,
    required=["file", "purpose"],
    properties={
        "file": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY),
        "purpose": Schema(type=OpenAPIType.STRING, enum=list(PURPOSES)),
    },
)


@dataclass
class UploadOperation(Operation):
    """Litestar knows of bodies only what it parses itself."""

    request_body: RequestBody | None = field(
        default_factory=lambda: RequestBody({"multipart/form-data": OpenAPIMediaType(FORM)}, required=True)
    )


@post(
    "",
    status_code=201,
    raises=[FileDamaged, FileTypeRefused, ImageTooLarge, QuotaExceeded, TooSlow],
    opt={"bucket": "upload"},
    operation_class=UploadOperation,
)
async def send(request: Request) -> Response[Uploaded]:
    """Upload one file: a form (`multipart/form-data`) with the fields `file` and `purpose`.

    Its type is told by what is in it. The answer means that it is on disk; attach it by its id within 24 hours, or it
    is deleted. Images are stored anew, upright and without what the camera wrote into them, so that `size` and
    `sha256` are not those of what was sent.
    """
    files: Files = request.app.state.files
    name = idempotency.name_of(request)
    with files.arrival(request.actor.id, name):
        return await _send(request, files, name)


async def _send(request: Request, files: Files, name: str | None) -> Response[Any]:
    if name is None:
        await request.db.read(actions.admit, request.actor, files.quota)
    async with files.drafting() as drafting:
        draft = await drafting.begin()
        limit = request.settings.chat_file_size_limit
        form = await upload.take_in(request.scope, request.receive, draft, files.run, limit)
        key = None
        if name is not None:
            key = idempotency.key(request, name, f"{form.purpose}\0{form.name}\0{draft.sha256}".encode())
            if earlier := await request.db.read(idempotency.earlier, key):
                return earlier.response()
        return await _record(request, files, await intake.keep(files, drafting, draft, form, request.actor.id), key)


async def _record(request: Request, files: Files, file: File, key: idempotency.Key | None) -> Response[Any]:
    try:
        if key is None:
            result = await request.db.write(actions.record, file, files.quota)
            answer = idempotency.answer(result, 201)
        else:
            answer = await request.db.write(idempotency.once, key, 201, actions.record, file, files.quota)
    except QuotaExceeded:
        # Whatever else is raised, the row may have been written, and its file has to be there.
        await intake.forget(files, file)
        raise
    if answer.replayed:
        await intake.forget(files, file)
    return answer.response()


@get("/{fileId:str}", raises=[NotFound, FileNotReady, FileQuarantined, RangeNotSatisfiable])
async def read(file_id: FilePath, request: Request, variant: Variant = None) -> Response[bytes]:
    """The file, or a range of it, to its uploader while it is unattached, then to whoever may read what it hangs on."""
    files: Files = request.app.state.files
    file = await request.db.read(access.file_for_reading, request.actor, file_id, files.readers)
    return await _served(request, files, file, variant)


@get(
    "/{fileId:str}/link",
    raises=[NotFound, FileNotReady, FileQuarantined, RangeNotSatisfiable],
    opt={"public": True, "bucket": "read"},
)
async def read_by_link(
    file_id: FilePath, request: Request, proof: Annotated[str, QueryParameter(max_length=200)], variant: Variant = None
) -> Response[bytes]:
    """The same by the address that an attachment came with: 5 minutes, as long as its reader may still read it."""
    files: Files = request.app.state.files
    file = await request.db.read(_linked, file_id, proof, files.readers)
    answer = await _served(request, files, file, variant)
    # Whoever has such an address may show the picture on a page of theirs.
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _linked(tx: Tx, file_id: str, proof: str, readers: Readers) -> File:
    return access.file_for_reading(tx, links.bearer(tx, file_id, proof), file_id, readers)


async def _served(request: Request, files: Files, file: File, variant: str | None) -> Response[bytes]:
    if variant is not None and file.thumbnail is None:
        raise NotFound
    return await serve.answer(request, files, file, variant is not None)


router = Router(
    path="/files",
    route_handlers=[send, read, read_by_link],
    opt={"roles": ("provider", "customer", "agent", "admin")},
    tags=["Files"],
)

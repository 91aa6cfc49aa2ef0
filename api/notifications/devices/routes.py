"""Your devices that take push messages."""

from typing import Annotated

from litestar import Response, Router, delete, get, post
from litestar.params import JSONBody, PathParameter

from api import idempotency
from api.errors import NotFound
from api.notifications.channels.push.webpush import public_key
from api.notifications.devices import actions, queries
from api.notifications.devices.types import DeviceDraft, PushDevice, PushDevices, PushKey
from api.requests import Request

DevicePath = Annotated[str, PathParameter(name="deviceId", pattern=r"^[a-z0-9_]{1,64}$")]


@post("/", status_code=201)
async def register(data: JSONBody[DeviceDraft], request: Request) -> Response[PushDevice]:
    """Register a device for push messages. The same subscription or token again is the same device."""
    hosts = request.settings.push_hosts
    return await idempotency.post(request, 201, actions.register, request.actor, data, hosts)


@get("/")
async def listed(request: Request) -> PushDevices:
    """Your devices, the oldest first."""
    return PushDevices(await request.db.read(queries.of_user, request.actor.id))


@get("/key")
async def key(request: Request) -> PushKey:
    """What a browser needs to subscribe: `PushManager.subscribe({applicationServerKey: …})`."""
    if "push" not in request.app.state.offered:
        return PushKey(None)
    return PushKey(public_key(await request.db.read(queries.vapid_key)))


@delete("/{deviceId:str}", raises=[NotFound])
async def remove(device_id: DevicePath, request: Request) -> None:
    """Send nothing more to a device."""
    await request.db.write(actions.remove, request.actor, device_id)


@post("/{deviceId:str}/test", status_code=204, raises=[NotFound])
async def test(device_id: DevicePath, request: Request) -> Response[None]:
    """Send a message to one of your devices that says that it works."""
    return await idempotency.post(request, 204, actions.test, request.actor, device_id)


router = Router("/devices", route_handlers=[register, listed, key, remove, test])

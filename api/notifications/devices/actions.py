"""Registering, trying and removing devices that take push messages."""

from collections.abc import Collection

from api.auth import Actor
from api.db import Tx
from api.errors import InvalidRequest, NotFound
from api.notifications.channels.push.webpush import AUTH_BYTES, BadSubscription, bytes_of, is_push_service, point
from api.notifications.devices import queries
from api.notifications.devices.types import DeviceDraft, PushDevice
from api.outbox import queries as outbox

MOST = 20


def register(tx: Tx, actor: Actor, draft: DeviceDraft, hosts: Collection[str]) -> PushDevice:
    """Add a device, or take it over; the oldest makes room where there are too many. Raises InvalidRequest."""
    if draft.kind == "webpush":
        p256dh, auth, address = _subscription(draft, hosts)
    else:
        p256dh, auth, address = None, None, _registration(draft)
    made = queries.put(tx, actor.id, draft.kind, address, p256dh, auth, draft.name)
    queries.drop_oldest(tx, actor.id, MOST)
    return made


def _subscription(draft: DeviceDraft, hosts: Collection[str]) -> tuple[str, str, str]:
    if draft.endpoint is None or draft.keys is None or draft.token is not None:
        raise InvalidRequest("A webpush device has an endpoint and keys, and no token.")
    if not is_push_service(draft.endpoint, hosts):
        raise InvalidRequest.at("/endpoint", "invalid", "is not an address of a push service that browsers use")
    try:
        point(draft.keys.p256dh)
    except BadSubscription:
        raise InvalidRequest.at("/keys/p256dh", "invalid", "is not a point of P-256") from None
    if len(bytes_of(draft.keys.auth)) != AUTH_BYTES:
        raise InvalidRequest.at("/keys/auth", "invalid", "is not 16 bytes")
    return draft.keys.p256dh, draft.keys.auth, draft.endpoint


def _registration(draft: DeviceDraft) -> str:
    if draft.token is None or draft.endpoint is not None or draft.keys is not None:
        raise InvalidRequest("An fcm device has a token, and neither endpoint nor keys.")
    return draft.token


def remove(tx: Tx, actor: Actor, device_id: str) -> None:
    """Raises NotFound."""
    if not queries.remove(tx, actor.id, device_id):
        raise NotFound


def test(tx: Tx, actor: Actor, device_id: str) -> None:
    """Send it a message that says it works. Raises NotFound."""
    if device_id not in [device.id for device in queries.of_user(tx, actor.id)]:
        raise NotFound
    outbox.add(tx, "device.test", device_id, "{}", tx.now)

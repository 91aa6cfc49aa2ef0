"""Devices that take push messages."""

from typing import Annotated, Literal

from msgspec import Meta

from api.clock import Time
from api.db.rows import Record
from api.requests import Body

Kind = Literal["webpush", "fcm"]
Base64 = Annotated[str, Meta(max_length=128, pattern=r"^[A-Za-z0-9_-]+=*$")]


class SubscriptionKeys(Body):
    """As `PushSubscription.toJSON()` of a browser gives them (RFC 8291): a P-256 point, and 16 bytes."""

    p256dh: Base64
    auth: Base64


class DeviceDraft(Body):
    """A browser's subscription: webpush, with `endpoint` and `keys`. An app's registration: fcm, with its `token`."""

    kind: Kind
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    endpoint: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    keys: SubscriptionKeys | None = None
    token: Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"^[\x21-\x7e]+$")] | None = None


class PushDevice(Record):
    id: str
    kind: Kind
    name: str
    created_at: Time
    used_at: Time | None


class PushDevices(Record):
    items: list[PushDevice]


class PushKey(Record):
    """The `applicationServerKey` for `PushManager.subscribe`; null where the server sends no web push."""

    key: str | None


class Address(Record):
    """What a channel needs to reach a device."""

    id: str
    kind: Kind
    address: str
    p256dh: str | None
    auth: str | None

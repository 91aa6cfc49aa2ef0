"""Every function of every `queries.py` runs on both engines."""

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import api
from api.auth import Actor
from api.chat import actions as chat
from api.chat.deliveries.types import Delivered
from api.chat.filter.types import Finding, Verdict
from api.chat.messages import actions as messages
from api.chat.privacy.types import PrivacyDraft
from api.chat.quick.types import Template
from api.chat.types import Chosen, Draft, LeftWith, Message, Person, Progress
from api.clock import rfc3339
from api.db import Database, Tx
from api.files import queries as files
from api.files.types import File, Quota
from api.live.stream import Span
from api.notifications import queries as notifications
from api.notifications.announcements import queries as announcements
from api.notifications.decision import Verdict as Decided
from api.notifications.devices import queries as devices
from api.notifications.dispatch import queries as dispatch
from api.notifications.dispatch.types import Subject
from api.notifications.preferences import queries as preferences
from api.notifications.queries import Figure, Row
from api.platform import queries as platform
from api.platform.types import Booking, BookingDraft, EventDraft, UserDraft
from api.search import index
from api.settings import Settings

ROOT = Path(api.__file__).parent
NOW = 1_795_336_200_000
MESSAGE = Message(
    id="msg_2",
    booking_id="1",
    seq=2,
    sender=Person("pat", "provider", "Pat"),
    type="text",
    text="Two",
    client_message_id="c-2",
    created_at=rfc3339(NOW),
)
FILE = File("file_2", "pat", "chat", "ready", "a.txt", "text/plain", 9, "00", None, None, None, "b2", None, "k1")
ROW = Row(
    id="ntf_1",
    user_id="pat",
    kind="booking.created",
    category="booking",
    priority="high",
    title="New booking",
    body="Tap",
    content="{}",
    action=None,
    booking_id="1",
    cause="booking:1",
    group_key="messages:1",
    dedupe_key="1",
    count=1,
    created_at=NOW,
    active_at=NOW,
    ends_at=None,
    hidden=False,
)
SUBJECT = Subject(
    id="ntf_1",
    user_id="pat",
    kind="booking.created",
    category="booking",
    priority="high",
    title="New booking",
    body="Tap",
    action=None,
    cause="booking:1",
    group_key=None,
    locale=None,
    over=None,
)
BOOKING = Booking(
    id="1",
    provider_id="pat",
    customer_id="carol",
    service="Tap",
    status="completed",
    scheduled_at=None,
    version=1,
    created_at=rfc3339(NOW),
    updated_at=rfc3339(NOW),
)
# By the parameter's name, or by function and name where that one needs its own.
ARGUMENTS: dict[str, Any] = {
    "actor_id": "pat",
    "address": "address-1",
    "auth": None,
    "p256dh": None,
    "devices.name": "Phone",
    "announcement_id": "ann_1",
    "announcements.author_id": "pat",
    "devices.kind": "fcm",
    "announcements.after": "",
    "archived_before": NOW,
    "booking": BOOKING,
    "category": "booking",
    "cause": "booking:1",
    "channel": "push",
    "choices": "{}",
    "chosen": '["ntf_1"]',
    "comment": "Good",
    "country": 49,
    "delivery_id": "dlv_1",
    "device_id": "dev_1",
    "drop.status": "not_sent",
    "ended.status": "failed",
    "figure": Figure("booking", "high", "push", "sent", 1),
    "announcements.body": "All of it",
    "group_key": "messages:1",
    "hold.until": NOW + 1000,
    "last_cleared_id": "carol",
    "last_user_id": "carol",
    "letter_key": "due_1",
    "most": 20,
    "notification_id": "ntf_1",
    "notification_ids": '["ntf_1"]',
    "announcements.before": "~",
    "notifications.before": NOW,
    "after.place": (NOW, "ntf_1"),
    "before.place": (NOW, "ntf_1"),
    "number": "+491701234567",
    "reached.number": 1,
    "priority": "high",
    "provider_id": "provider-1",
    "rating": 5,
    "reported.status": "delivered",
    "role": None,
    "row": ROW,
    "rows": [msgspec.structs.replace(ROW, id="ntf_2", dedupe_key="2")],
    "rule": "now",
    "since": NOW - 1000,
    "starts_at": NOW,
    "notifications.state": "active",
    "announcements.user_ids": None,
    "people.user_ids": ["pat", "carol"],
    "of_people.user_ids": ["pat", "carol"],
    "unread_by.user_ids": ["pat", "carol"],
    "dispatch.subject": SUBJECT,
    "title": "News",
    "unread": 0,
    "unseen": 0,
    "put.verdict": Decided("email", "queued", NOW, "now"),
    "accuracy": 12,
    "add.kind": "test",
    "added_by": None,
    "add_or_hasten.kind": "test",
    "after": 0,
    "attempts": 1,
    "archived": True,
    "blocked_id": "carol",
    "body": "{}",
    "conversations.chosen": Chosen("confirmed", "unread", ("tap ", "ca")),
    "booking_id": "1",
    "booking_ids": ["1", "2"],
    "change": "confirmed",
    "client_message_id": "c-1",
    "closes_at": NOW,
    "dead.after": "",
    "deliveries": [Delivered("1", "pat", 1), Delivered("1", "carol", 2)],
    "due_at": NOW,
    "event.event_id": "event-1",
    "insert_event.draft": EventDraft(id="event-2", type="booking.created", user_id="pat", booking_id="1"),
    "entry_id": 1,
    "due_id": "due_1",
    "filtered_id": "flt_1",
    "verdict": Verdict("hold", "•••••", (Finding("word", "hold", 0, 5),)),
    "outcome": None,
    "state": "held",
    "decided_by": "pat",
    "held_after.after": "",
    "filtered_before.before": "g",
    "edit.held": True,
    "file": FILE,
    "file_id": "file_1",
    "blob": "b3",
    "thumbnail": None,
    "earlier": "b1",
    "key_id": "k2",
    "names": ["b1", "b2"],
    "before": NOW,
    "settle.state": "ready",
    "begin_link_key.key": "00",
    "insert_booking.booking_id": "9",
    "insert_room.booking_id": "2",
    "insert_user.user_id": "new",
    "ends_at": NOW + 1000,
    "key": "parking",
    "last": 9,
    "latitude": 52_520_008,
    "longitude": -13_404_954,
    "lease": "node_1",
    "left": LeftWith("confirmed", "Tap", None, [Person("pat", "provider", "Pat")], [Progress("pat", 1, 2)]),
    "lease_ms": 1000,
    "mark": ".0a1b2c3d",
    "limit": 10,
    "message": MESSAGE,
    "message_id": "msg_1",
    "message_ids": ["msg_1", "msg_2"],
    "moment": NOW,
    "node": "node_1",
    "hang.place": 0,
    "owner_id": "pat",
    "pinned": NOW,
    "other_id": "carol",
    "people": ["carol"],
    "place": (NOW, "1"),
    "prefix": "ta",
    "platform.draft": BookingDraft(provider_id="pat", customer_id="carol", service="Tap", status="confirmed"),
    "insert_user.draft": UserDraft(role="provider", name="New", disabled=True),
    "update_user.draft": UserDraft(role="provider", name="Pat", email="pat@example.com"),
    "presence.user_ids": ["pat", "carol"],
    "privacy.draft": PrivacyDraft(receipts=True, typing=False, presence=True),
    "purpose": "chat",
    "quota": Quota(10, 1000),
    "reason": "because",
    "sender_id": "pat",
    "set_status.status": "completed",
    "seq": 1,
    "size": 9,
    "source": "record",
    "spans": [Span("user:pat", 0, 9), Span("user:carol", 1, 2)],
    "status": None,
    "subject": "1",
    "template": Template("parking", "Parking", "Where may I park?"),
    "tokens": "a tap .0a1b2c3d",
    "subjects": ["msg_1"],
    "text": "Another one",
    "mark_unread.unread": True,
    "until": NOW + 1000,
    "user_id": "pat",
    "version": 0,
    "viewer_id": "carol",
    "user_ids": '["pat", "otto"]',
    "words": ["tap", ".0a1b2c3d"],
}


def found() -> list[tuple[str, Callable[..., Any]]]:
    """Each function whose first parameter is a transaction."""
    functions: list[tuple[str, Callable[..., Any]]] = []
    for path in sorted(ROOT.glob("**/queries.py")):
        name = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        for function in vars(importlib.import_module(name)).values():
            if (
                inspect.isfunction(function)
                and function.__module__ == name
                and "tx" in inspect.signature(function).parameters
            ):
                functions.append((path.parent.name, function))
    return functions


def arguments(feature: str, function: Callable[..., Any]) -> list[Any]:
    def argument(name: str) -> Any:
        for key in (f"{function.__name__}.{name}", f"{feature}.{name}", name):
            if key in ARGUMENTS:
                return ARGUMENTS[key]
        return pytest.fail(f"{feature}/queries.py: {function.__name__} has no argument for {name} in this test")

    return [argument(name) for name in list(inspect.signature(function).parameters)[1:]]


def furnish(tx: Tx) -> None:
    """Two bookings, of which one has a room with a message in it, and something to be found."""
    index.add(tx, "note", "A tap", [".0a1b2c3d"])
    platform.insert_user(tx, "pat", UserDraft(role="provider", name="Pat"))
    platform.insert_user(tx, "carol", UserDraft(role="customer", name="Carol"))
    draft = BookingDraft(provider_id="pat", customer_id="carol", service="Tap", status="confirmed")
    for booking in ("1", "2"):
        platform.insert_booking(tx, booking, draft)
    chat.open_room(tx, "1", ["pat", "carol"], "confirmed", Settings())
    messages.send(tx, Actor("pat", "provider", "Pat"), "1", Draft(text="One", client_message_id="c-1"), Settings())
    platform.insert_event(tx, EventDraft(id="event-1", type="booking.created", user_id="pat", booking_id="1"))
    notifications.insert(tx, [ROW])
    notifications.add_counts(tx, "pat", 1, 1)
    dispatch.put(tx, SUBJECT, Decided("push", "queued", NOW, "now"))
    preferences.insert(tx, "carol", "{}")
    devices.put(tx, "pat", "fcm", "address-9", None, None, "Phone")
    devices.begin_vapid_key(tx, "AA")
    announcements.add(tx, "News", "All of it", "low", None, None, "pat", NOW, None)
    files.begin_link_key(tx, "00")
    files.insert_file(tx, msgspec.structs.replace(FILE, id="file_1", blob="b1"))


@pytest.mark.parametrize(("feature", "function"), found(), ids=lambda part: getattr(part, "__name__", part))
async def test_a_query_runs(db: Database, feature: str, function: Callable[..., Any]) -> None:
    await db.write(furnish)
    await db.write(function, *arguments(feature, function))

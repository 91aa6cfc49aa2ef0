"""A small cast for an empty database in development, so that the first curl has something to show."""

import shlex
from collections.abc import Iterator

import msgspec

from api.auth import Actor, Role, make_token
from api.chat.messages import actions as chat
from api.chat.types import Draft
from api.clock import Clock
from api.db import Tx
from api.etags import IfMatch
from api.platform import actions as platform
from api.platform.types import BookingDraft, BookingStatus, UserDraft
from api.settings import Settings

PEOPLE: dict[str, tuple[Role, str]] = {
    "pat": ("provider", "Pat Okafor"),
    "prue": ("provider", "Prue Lindqvist"),
    "carol": ("customer", "Carol Mendes"),
    "cyrus": ("customer", "Cyrus Tanaka"),
    "celia": ("customer", "Celia Novak"),
}
BOOKINGS: dict[str, tuple[str, str, str, BookingStatus]] = {
    "booking-1": ("pat", "carol", "Leaking kitchen tap", "confirmed"),
    "booking-2": ("pat", "cyrus", "Boiler service", "in_progress"),
    "booking-3": ("prue", "celia", "Two-bedroom deep clean", "requested"),
    "booking-4": ("prue", "carol", "Window cleaning", "completed"),
    "booking-5": ("pat", "celia", "Radiator swap", "cancelled"),
}
TALK = [
    ("carol", "Hello! The tap in the kitchen drips day and night."),
    ("pat", "Thanks for booking. Is it a mixer tap, and do you know its make?"),
    ("carol", "A mixer, the label under it says Grohe. The valve below does not close fully."),
    ("pat", "Then I bring a cartridge and a valve. I'm with you at nine."),
]


def make(tx: Tx, settings: Settings) -> bool:
    """False, and nothing done, when there is any user already."""
    if tx.value("select count(*) from users"):
        return False
    for user_id, (role, name) in PEOPLE.items():
        platform.put_user(tx, user_id, UserDraft(role=role, name=name), IfMatch(None), _nobody_remembered)
    for booking_id, (provider, customer, service, status) in BOOKINGS.items():
        draft = BookingDraft(provider_id=provider, customer_id=customer, service=service, status=status)
        platform.put_booking(tx, booking_id, draft, IfMatch(None), settings)
    for user_id, text in TALK:
        role, name = PEOPLE[user_id]
        chat.send(tx, Actor(user_id, role, name), "booking-1", Draft(text=text), settings)
    return True


def _nobody_remembered(_: str) -> None: ...


def introduction(settings: Settings, clock: Clock) -> Iterator[str]:
    """Who they are, a token for each, and three curl lines that work as printed."""
    if not settings.jwt_secret:
        yield f"{', '.join(PEOPLE)}: their tokens are signed where the keys are"
        return
    day = 24 * 3600
    tokens = {
        user_id: make_token(settings, role, user_id, name=name, ttl=30 * day, now=clock() // 1000)
        for user_id, (role, name) in PEOPLE.items()
    }
    for user_id, (role, name) in PEOPLE.items():
        yield f"{name}, {role}, id {user_id}, token for 30 days:\n  {tokens[user_id]}"
    base = f"{settings.local_url}/api/provider-communication"
    bearer = f"Authorization: Bearer {tokens['pat']}"
    body = msgspec.json.encode({"text": "I am at the door.", "clientMessageId": "demo-1"}).decode()
    yield "Pat's conversations, the messages of booking-1, and one more message:"
    yield shlex.join(["curl", "-s", "-H", bearer, f"{base}/chat/conversations"])
    yield shlex.join(["curl", "-s", "-H", bearer, f"{base}/chat/booking/booking-1/history"])
    json_header = "Content-Type: application/json"
    address = f"{base}/chat/booking/booking-1/message"
    yield shlex.join(["curl", "-s", "-H", bearer, "-H", json_header, "-d", body, address])

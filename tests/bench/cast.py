"""Who sends, and the rooms they send to: made by the product's own functions, history by the thousand in SQL."""

import random
from pathlib import Path

import msgspec

from api import rollups
from api.auth import Actor, Role, make_token
from api.chat import queries
from api.chat.messages import actions
from api.chat.stats.actions import MESSAGES, NEXT_ANSWERED
from api.chat.types import Draft
from api.clock import system_clock
from api.db import Database, Tx, open_database
from api.etags import IfMatch
from api.idempotency import Key, once
from api.platform import actions as platform
from api.platform.types import BookingDraft, UserDraft
from api.settings import Settings
from tests.conftest import SECRET

SENDERS = 200
THOUSAND, MILLION = "thousand", "million"
PAGES = {THOUSAND: 1_000, MILLION: 1_000_000}
ROWS_AT_ONCE = 10_000
# Of those who look at their figures, and of somebody with very many rooms.
DAYS, DAY_MS = 400, 86_400_000
MANY, ROOMS, ROOMS_AT_ONCE = "many", 10_000, 100
TEXT = "The valve below the sink does not close fully; I bring a cartridge and a new one at nine."
FILL = """
insert into messages (booking_id, seq, id, sender_id, type, text, created_at)
with recursive n (i) as (select cast($2 as bigint) union all select i + 1 from n where i < $3)
select $1, i, 'msg_' || $1 || cast(1000000000000000 + i as text), (case when i % 2 = 0 then $4 else $5 end),
  'text', $6, $7 + i from n
"""


class Statements(msgspec.Struct):
    """Of one send, without BEGIN and COMMIT."""

    plain: int
    with_key: int


def provider(booking_id: str) -> str:
    return f"p-{booking_id}"


def customer(booking_id: str) -> str:
    return f"c-{booking_id}"


def settings(folder: Path, database_url: str) -> Settings:
    return Settings(env="development", data_dir=folder, database_url=database_url, jwt_secret=SECRET)


def token(user_id: str) -> str:
    role: Role = "provider" if user_id.startswith("p-") else "customer"
    signed_by = Settings(env="development", jwt_secret=SECRET)
    return make_token(signed_by, role, user_id, name=user_id, ttl=7200, now=system_clock() // 1000)


async def make(folder: Path, database_url: str) -> Statements:
    """Fill an empty database; what a send in it takes."""
    db = open_database(settings(folder, database_url))
    await db.open()
    try:
        for booking_id in [*map(str, range(SENDERS)), *PAGES]:
            await db.write(_make_booking, booking_id)
        for booking_id, count in PAGES.items():
            await _fill(db, booking_id, count)
            await _count_up(db, booking_id, count)
        for first in range(0, ROOMS, ROOMS_AT_ONCE):
            await db.write(_make_rooms, first)
        return await _count(db)
    finally:
        await db.close()


def _make_booking(tx: Tx, booking_id: str) -> None:
    people: dict[str, Role] = {provider(booking_id): "provider", customer(booking_id): "customer"}
    for user_id, role in people.items():
        platform.put_user(tx, user_id, UserDraft(role=role, name=user_id), IfMatch(None), lambda _: None)
    there, other = people
    draft = BookingDraft(provider_id=there, customer_id=other, service="Leaking tap", status="confirmed")
    platform.put_booking(tx, booking_id, draft, IfMatch(None), Settings())


async def _fill(db: Database, booking_id: str, count: int) -> None:
    for first in range(1, count + 1, ROWS_AT_ONCE):
        await db.write(_fill_some, booking_id, first, min(first + ROWS_AT_ONCE - 1, count))


def _fill_some(tx: Tx, booking_id: str, first: int, last: int) -> None:
    tx.run(FILL, booking_id, first, last, provider(booking_id), customer(booking_id), TEXT, tx.now)
    queries.advance(tx, booking_id, last, tx.now)


async def _count_up(db: Database, booking_id: str, count: int) -> None:
    now = system_clock()
    for first in range(0, count, ROWS_AT_ONCE):
        await db.write(_count_some, booking_id, range(first, min(first + ROWS_AT_ONCE, count)), count, now)


def _count_some(tx: Tx, booking_id: str, numbers: range, count: int, now: int) -> None:
    """As if the messages had been written evenly over so many days, and each second one were an answer."""
    waits = random.Random(numbers.start)
    for number in numbers:
        moment = now - (count - number) * DAYS * DAY_MS // count
        rollups.add(tx, MESSAGES, [provider(booking_id)], moment)
        if number % 2:
            rollups.add(tx, NEXT_ANSWERED, [provider(booking_id)], moment, waits.randrange(60_000, 3_600_000))


def _make_rooms(tx: Tx, first: int) -> None:
    """Of one provider and one customer, with a message in each."""
    there, other = provider(MANY), customer(MANY)
    if not first:
        _make_booking(tx, MANY)
    for number in range(first, first + ROOMS_AT_ONCE):
        booking_id = f"{MANY}-{number}"
        draft = BookingDraft(provider_id=there, customer_id=other, service="Leaking tap", status="confirmed")
        platform.put_booking(tx, booking_id, draft, IfMatch(None), Settings())
        actions.send(tx, Actor(other, "customer", other), booking_id, Draft(text=TEXT), Settings())


async def _count(db: Database) -> Statements:
    sender = provider("0")
    sending = (Actor(sender, "provider", sender), "0", Draft(text=TEXT, client_message_id="counted"), Settings())
    keyed = (Actor(sender, "provider", sender), "0", Draft(text=TEXT, client_message_id="counted-too"), Settings())
    key = Key(sender, "POST", "/counted", "counted", "")
    return Statements(
        await db.write(_counted, actions.send, *sending),
        await db.write(_counted, once, key, 201, actions.send, *keyed),
    )


def _counted(tx: Tx, fn: object, *args: object) -> int:
    assert callable(fn)
    fn(tx, *args)
    # The events are written here, so that they count, and not once more afterwards.
    tx.finish()
    tx._collected.clear()
    return tx.statements

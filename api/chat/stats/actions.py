"""How much a user writes and hears in their chats, and how soon they answer. Each figure: docs/developers/stats.md."""

from collections.abc import Sequence

from api import rollups
from api.auth import Actor
from api.chat.stats import queries
from api.chat.stats.types import Stats
from api.chat.stats.window import window_of
from api.chat.types import Room
from api.clock import rfc3339
from api.db import Tx
from api.rollups import Tally

MESSAGES = "chat.messages"
FIRST_ASKED, FIRST_ANSWERED = "chat.first.asked", "chat.first.answered"
NEXT_ASKED, NEXT_ANSWERED = "chat.next.asked", "chat.next.answered"


def count(tx: Tx, actor: Actor, room: Room, present: Sequence[str], moment: int) -> None:
    """A message that was just written, under the room's lock: it may answer somebody, and wait for an answer itself."""
    rollups.add(tx, MESSAGES, present, moment)
    own, other = _sides(tx, actor, room.booking_id, present)
    if other is None or room.asked_id == other:
        return
    if room.asked_id is not None and room.asked_id == own:
        answered = FIRST_ANSWERED if room.turns == 1 else NEXT_ANSWERED
        rollups.add(tx, answered, [own], room.asked_at, moment - room.asked_at)
    rollups.add(tx, NEXT_ASKED if room.turns else FIRST_ASKED, [other], moment)
    queries.ask(tx, room.booking_id, other, moment)


def _sides(tx: Tx, actor: Actor, booking_id: str, present: Sequence[str]) -> tuple[str | None, str | None]:
    """Whom the sender speaks for, and to whom: the booking's provider and customer, or nobody."""
    if len(present) == 2:
        # The booking's own two are always there.
        return actor.id, next(user_id for user_id in present if user_id != actor.id)
    provider_id, customer_id = queries.sides(tx, booking_id)
    if actor.id == provider_id or (actor.id != customer_id and actor.role == "provider"):
        return provider_id, customer_id
    if actor.id == customer_id or actor.role == "customer":
        return customer_id, provider_id
    return None, None


def stats(tx: Tx, actor: Actor, start: str | None, end: str | None, timezone: str) -> Stats:
    """Raises InvalidRequest."""
    window = window_of(start, end, timezone, tx.now)
    rooms = queries.conversations(tx, actor.id)
    found = rollups.read(tx, actor.id, window.start, window.end)
    nothing = Tally()
    first, later = found.get(FIRST_ANSWERED, nothing), found.get(NEXT_ANSWERED, nothing)
    first_asked, later_asked = (found.get(measure, nothing).count for measure in (FIRST_ASKED, NEXT_ASKED))
    both = first + later
    return Stats(
        from_=rfc3339(window.start),
        to=rfc3339(window.end),
        timezone=timezone,
        total_conversations=rooms.total,
        active_conversations=rooms.active,
        unread_messages=rooms.unread,
        recent_messages=found.get(MESSAGES, nothing).count,
        response_rate=_rate(both.count, first_asked + later_asked),
        average_response_seconds=_seconds(both.mean()),
        median_response_seconds=_seconds(both.quantile(0.5)),
        first_response_rate=_rate(first.count, first_asked),
        average_first_response_seconds=_seconds(first.mean()),
        median_first_response_seconds=_seconds(first.quantile(0.5)),
        average_next_response_seconds=_seconds(later.mean()),
        median_next_response_seconds=_seconds(later.quantile(0.5)),
    )


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds / 1000, 3)

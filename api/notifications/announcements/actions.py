"""Telling many at once: in chunks, so that nobody else waits."""

import msgspec

from api.clock import milliseconds
from api.db import Tx
from api.errors import InvalidRequest, NotFound
from api.notifications.actions import MOST_PEOPLE, clear, notify
from api.notifications.announcements import queries
from api.notifications.announcements.types import Announcement, AnnouncementDraft
from api.notifications.types import Notice
from api.outbox import queries as outbox
from api.outbox.loop import Work
from api.outbox.types import Due

LATEST = 4_102_444_800_000  # the year 2100


def announce(tx: Tx, author_id: str, draft: AnnouncementDraft) -> Announcement:
    """Tell the audience, from `startsAt` on. Raises InvalidRequest."""
    if draft.role is not None and draft.user_ids is not None:
        raise InvalidRequest("Send at most one of role and userIds.")
    starts_at = tx.now if draft.starts_at is None else max(tx.now, milliseconds(draft.starts_at))
    ends_at = None if draft.ends_at is None else milliseconds(draft.ends_at)
    if starts_at > LATEST:
        raise InvalidRequest.at("/startsAt", "out_of_range", "must be before the year 2100")
    if ends_at is not None and not starts_at < ends_at <= LATEST:
        raise InvalidRequest.at("/endsAt", "out_of_range", "must be after its start and before the year 2100")
    user_ids = None if draft.user_ids is None else msgspec.json.encode(draft.user_ids).decode()
    made = queries.add(tx, draft.title, draft.body, draft.priority, draft.role, user_ids, author_id, starts_at, ends_at)
    outbox.add(tx, "announcement.tell", made.id, "{}", starts_at)
    if ends_at is not None:
        outbox.add(tx, "announcement.end", made.id, "{}", ends_at)
    return made


def cancel(tx: Tx, announcement_id: str) -> Announcement:
    """Nobody else is told, and it goes from the lists of those who have not read it. Raises NotFound."""
    cancelled = queries.cancel(tx, announcement_id)
    if cancelled is not None:
        # A row of its own: the one for its end may wait for next month.
        outbox.add(tx, "announcement.end", f"{announcement_id} cancelled", "{}", tx.now)
        return cancelled
    there = queries.announcement(tx, announcement_id)
    if there is None:
        raise NotFound
    return there


def _tell(tx: Tx, row: Due) -> int | None:
    """The next chunk of its audience."""
    told = queries.lock(tx, row.subject)
    if told is None or told.cancelled_at is not None or (told.ends_at or LATEST) <= tx.now:
        return None
    people = queries.audience(tx, told.last_user_id, told.role, told.user_ids, MOST_PEOPLE)
    if not people:
        return None
    notice = Notice(
        kind="system.announcement",
        values={"title": told.title, "body": told.body},
        cause=f"announcement:{told.id}",
        dedupe_key=f"announcement:{told.id}",
        priority=told.priority,
        ends_at=told.ends_at,
    )
    notify(tx, people, notice)
    queries.reached(tx, told.id, people[-1], len(people))
    return tx.now


def _end(tx: Tx, row: Due) -> int | None:
    """It clears itself for the next chunk of those who have not read it."""
    told = queries.lock(tx, row.subject.partition(" ")[0])
    if told is None:
        return None
    cause = f"announcement:{told.id}"
    people = queries.hearers(tx, cause, told.last_cleared_id, MOST_PEOPLE)
    if not people:
        return None
    clear(tx, people, cause)
    queries.cleared(tx, told.id, people[-1])
    return tx.now


def unwanted(tx: Tx, user_id: str, announcement_id: str) -> str | None:
    there = queries.announcement(tx, announcement_id)
    return "ended" if there is None or there.cancelled_at is not None else None


works = {"announcement.tell": Work(within=_tell), "announcement.end": Work(within=_end)}

"""Telling people, and what they do with it."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from api import ids, paging
from api.auth import Actor
from api.clock import milliseconds, rfc3339
from api.db import Tx
from api.errors import InvalidRequest, NotFound
from api.live import stream
from api.notifications import queries, texts
from api.notifications.kinds import KINDS
from api.notifications.preferences.hiding import who_hides
from api.notifications.queries import Figure, Row
from api.notifications.types import (
    Change,
    Counts,
    Created,
    Marked,
    Marks,
    Notice,
    Notification,
    NotificationPage,
    Person,
    State,
)
from api.outbox import queries as outbox

# So many people in one transaction; whoever tells more does so in due rows.
MOST_PEOPLE = 50
MOST_TOLD = 100
BEGINNING = (2**53, "")


def notify(tx: Tx, user_ids: Sequence[str], notice: Notice) -> None:
    """Tell up to MOST_PEOPLE people. Who was told the same (`dedupe_key`) before is left alone, unknown ones are too.

    It is in their list with the commit; by which other ways it reaches them is decided right after, as due work.
    """
    people = queries.people(tx, user_ids)
    hiding = set() if KINDS[notice.kind].mandatory else who_hides(tx, user_ids, KINDS[notice.kind].category)
    if notice.group is not None:
        for person in people:
            _tell_group(tx, person, notice, hidden=person.id in hiding)
        return
    rows = [_row(tx, person, notice, hidden=person.id in hiding) for person in people]
    new = set(queries.insert(tx, rows)) if rows else set()
    for row in rows:
        if row.user_id in new:
            _tell_new(tx, row)


def _tell_group(tx: Tx, person: Person, notice: Notice, *, hidden: bool) -> None:
    """What is unread of a group already counts the further ones, too."""
    queries.lock_counts(tx, person.id)
    row = _row(tx, person, notice, hidden=hidden)
    there = queries.open_group(tx, person.id, notice.group or "")
    if there is not None and hidden:
        _route(tx, queries.fold(tx, there[0], row).id)
    elif there is not None:
        notification_id, seen = there
        folded, counts = queries.fold(tx, notification_id, row), queries.add_counts(tx, person.id, 0, int(seen))
        told = Marked([notification_id], "counted", counts, folded)
        stream.blank(tx, notification_id)
        stream.tell(tx, [stream.user_topic(person.id)], "notification.updated", notification_id, told)
        _route(tx, notification_id)
    elif queries.insert(tx, [row]):
        _tell_new(tx, row)


def _tell_new(tx: Tx, row: Row) -> None:
    _route(tx, row.id)
    if row.hidden:
        return
    queries.add_figure(tx, row.user_id, Figure(row.category, row.priority, "inApp", "sent", 1))
    told = Created(_told(row), queries.add_counts(tx, row.user_id, 1, 1))
    stream.tell(tx, [stream.user_topic(row.user_id)], "notification.created", row.id, told)


def _row(tx: Tx, person: Person, notice: Notice, *, hidden: bool) -> Row:
    kind = KINDS[notice.kind]
    title, body = texts.text(person.locale, notice.kind, notice.values)
    return Row(
        id=ids.new("ntf", tx.now),
        user_id=person.id,
        kind=notice.kind,
        category=kind.category,
        priority=notice.priority or kind.priority,
        title=title,
        body=body,
        content=msgspec.json.encode(notice.values).decode(),
        action=notice.action,
        booking_id=notice.booking_id,
        cause=notice.cause,
        group_key=notice.group,
        dedupe_key=notice.dedupe_key,
        count=notice.values.get("count", 1),
        created_at=tx.now,
        active_at=tx.now,
        ends_at=notice.ends_at,
        hidden=hidden,
    )


def _told(row: Row) -> Notification:
    """A row as it was just stored."""
    return Notification(
        id=row.id,
        type=row.kind,
        category=row.category,
        priority=row.priority,
        title=row.title,
        body=row.body,
        action=row.action,
        booking_id=row.booking_id,
        count=row.count,
        created_at=rfc3339(row.created_at),
        active_at=rfc3339(row.active_at),
        seen_at=None,
        read_at=None,
        archived_at=None,
    )


def _route(tx: Tx, notification_id: str) -> None:
    """Decide right after the commit by which other ways it reaches its person."""
    outbox.add(tx, "notification.route", notification_id, "{}", tx.now)


def clear(tx: Tx, user_ids: Sequence[str], cause: str) -> None:
    """What it was about has been handled elsewhere: a message was read, a ticket closed."""
    for user_id in sorted(queries.unread_by(tx, user_ids, cause)):
        queries.lock_counts(tx, user_id)
        _read(tx, user_id, None, None, cause)


def read(tx: Tx, actor: Actor, marks: Marks) -> Counts:
    """Mark notifications as read (and seen); what is not the caller's is ignored. Raises InvalidRequest."""
    chosen, category = _chosen(marks)
    queries.lock_counts(tx, actor.id)
    return _read(tx, actor.id, chosen, category, None)


def see(tx: Tx, actor: Actor, marks: Marks) -> Counts:
    """Mark notifications as seen: they were in a list that was looked at. Raises InvalidRequest."""
    chosen, category = _chosen(marks)
    before = queries.lock_counts(tx, actor.id)
    return _changed(tx, actor.id, before, 0, queries.see(tx, actor.id, chosen, category, None), [], "seen")


def _read(tx: Tx, user_id: str, chosen: str | None, category: str | None, cause: str | None) -> Counts:
    before = queries.counts(tx, user_id)
    unseen = queries.see(tx, user_id, chosen, category, cause)
    gone = queries.read(tx, user_id, chosen, category, cause)
    for (kind, priority), number in Counter((one.category, one.priority) for one in gone).items():
        queries.add_figure(tx, user_id, Figure(kind, priority, "inApp", "read", number))
    return _changed(tx, user_id, before, len(gone), unseen, [one.id for one in gone], "read")


def _changed(tx: Tx, user_id: str, before: Counts, unread: int, unseen: int, gone: list[str], how: Change) -> Counts:
    """Take from the counts and tell the person's other devices, unless nothing has changed."""
    if not (unread or unseen or gone):
        return before
    counts = queries.take_counts(tx, user_id, unread, unseen) if unread or unseen else before
    # A list of ids longer than a frame may be says less than "all": load them afresh.
    told = Marked(gone if len(gone) <= MOST_TOLD else None, how, counts)
    stream.tell(tx, [stream.user_topic(user_id)], "notification.updated", user_id, told)
    return counts


def _chosen(marks: Marks) -> tuple[str | None, str | None]:
    if [marks.ids is not None, marks.category is not None, marks.all].count(True) != 1:
        raise InvalidRequest("Send one of ids, category and all.")
    return None if marks.ids is None else queries.ids(marks.ids), marks.category


def archive(tx: Tx, actor: Actor, notification_ids: Sequence[str], *, back: bool = False) -> Counts:
    """Put notifications away, which also reads them, or bring them `back`; what is not the caller's is ignored."""
    chosen = queries.ids(notification_ids)
    queries.lock_counts(tx, actor.id)
    if not back:
        _read(tx, actor.id, chosen, None, None)
    moved = queries.archive(tx, actor.id, chosen, None if back else tx.now)
    return _changed(tx, actor.id, queries.counts(tx, actor.id), 0, 0, moved, "restored" if back else "archived")


def delete(tx: Tx, actor: Actor, notification_id: str) -> None:
    """Its words are gone, from replays too. Raises NotFound."""
    queries.lock_counts(tx, actor.id)
    _read(tx, actor.id, queries.ids([notification_id]), None, None)
    if not queries.delete(tx, actor.id, notification_id):
        raise NotFound
    stream.blank(tx, notification_id)
    _changed(tx, actor.id, queries.counts(tx, actor.id), 0, 0, [notification_id], "deleted")


def listed(
    tx: Tx,
    actor: Actor,
    *,
    category: str | None,
    state: State,
    cursor: str | None,
    limit: int,
    with_total: bool,
) -> NotificationPage:
    """The caller's notifications, the latest first. What comes after the first page was read is not on a later one."""

    filters = [actor.id, category, state]
    back, place = False, BEGINNING
    if cursor is None:
        pinned = max(tx.now, queries.latest(tx, actor.id))
    else:
        back, pinned, *spot = paging.decode(cursor, filters, (bool, int, int, str))
        place = (spot[0], spot[1])
    fetch = queries.after if back else queries.before
    found = fetch(tx, actor.id, pinned, category, state, place, limit + 1)

    def edge(item: Notification, back: bool) -> str:
        return paging.encode(filters, (back, pinned, milliseconds(item.active_at), item.id))

    items, page = paging.cut(found, limit, back=back, first=cursor is None, edge=edge)
    total = queries.count(tx, actor.id, pinned, category, state) if with_total else msgspec.UNSET
    return NotificationPage(items, page, total)

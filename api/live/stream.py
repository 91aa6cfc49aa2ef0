"""Everything durable that a user should hear is a row in a stream: `(topic, position)`, positions without gaps."""

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeVar

import msgspec

from api import ids
from api.auth import Actor
from api.clock import rfc3339
from api.db import Tx
from api.db.rows import Record, parameters

T = TypeVar("T")
MOST_REPLAYED = 10_000
DAYS_KEPT = 7
PAGE = 500
CHUNK = 50
# Of what passes by and is kept nowhere; the others count from 1.
NO_POSITION = 0


class Told(msgspec.Struct, frozen=True):
    """An event before it has positions; `body` is JSON."""

    id: str
    topics: list[str]
    kind: str
    subject: str
    body: str
    at: int


class Event(msgspec.Struct, frozen=True):
    """An event as it is sent: `frame` is its text for the wire. One without a position is heard now or never."""

    topic: str
    position: int
    frame: str


class Span(msgspec.Struct, frozen=True):
    """The events of a topic after `start`, up to and with `stop`, were sent to a device."""

    topic: str
    start: int
    stop: int


class Head(Record):
    topic: str
    position: int
    pruned: int


class Row(Record):
    topic: str
    position: int
    kind: str
    body: str
    at: int


class Replay(msgspec.Struct, frozen=True):
    """`positions` by the name a client knows, `events` in order; none where `recovered` is false."""

    epoch: str
    recovered: bool
    positions: dict[str, int]
    events: list[Event]

    def emptied(self) -> "Replay":
        """The same place, its events already told."""
        return msgspec.structs.replace(self, events=[])


def user_topic(user_id: str) -> str:
    return f"user:{user_id}"


def topics_of(actor: Actor) -> dict[str, str]:
    """What this actor hears, by the name it has on the wire."""
    if actor.role == "service":
        # What the platform's own back end is to act on.
        return {"platform": "platform"}
    found = {"user": user_topic(actor.id)}
    if actor.role in ("agent", "admin"):
        found["desk"] = "desk"
    if actor.role == "admin":
        found["review"] = "review"
    return found


def tell(tx: Tx, topics: Iterable[str], kind: str, subject: str, content: Any) -> None:
    """Collected now, written once at the end of the function, heard after its commit."""
    if hearers := sorted(set(topics)):
        body = msgspec.json.encode(content).decode()
        tx.collect(write, Told(ids.new("evt", tx.now), hearers, kind, subject, body, tx.now))


def passing(topics: Iterable[str], kind: str, content: Any, now: int) -> list[Event]:
    """For those who are connected to this process: without a position, dropped first under pressure, kept nowhere."""
    frame = msgspec.json.encode({"type": kind, "at": rfc3339(now), "data": content}).decode()
    return [Event(topic, NO_POSITION, frame) for topic in topics]


def whisper(tx: Tx, topics: Iterable[str], kind: str, content: Any) -> None:
    """`passing`, after the commit."""
    if tx.publish is not None:
        tx.after_commit(tx.publish, passing(topics, kind, content, tx.now))


def write(tx: Tx, told: list[Told]) -> None:
    """Positions are drawn in the order of the topics, so that two functions never wait for each other in a ring."""
    for part in _chunks(told):
        _insert_events(tx, part)
    # Sorting keeps what one topic hears in the order it was told.
    hearings = sorted(((topic, event) for event in told for topic in event.topics), key=itemgetter(0))
    rows: list[Row] = []
    for some in _chunks(hearings):
        rows += _place(tx, some)
    if tx.publish is not None:
        tx.after_commit(tx.publish, [as_event(row) for row in rows])


def _insert_events(tx: Tx, told: Sequence[Told]) -> None:
    tx.run(
        f"insert into events (id, kind, subject, body, at) values {parameters(len(told), 5)}",
        *(value for event in told for value in (event.id, event.kind, event.subject, event.body, event.at)),
    )


def _place(tx: Tx, hearings: Sequence[tuple[str, Told]]) -> list[Row]:
    """Give each its position and the event before it."""
    heads = _draw(tx, hearings)
    rows, values = [], []
    for topic, event in hearings:
        position, before = heads[topic]
        heads[topic] = position + 1, event.id
        values += [event.id, topic, position + 1, before]
        rows.append(Row(topic, position + 1, event.kind, event.body, event.at))
    tx.run(f"insert into stream (event, topic, position, before) values {parameters(len(rows), 4)}", *values)
    return rows


def _draw(tx: Tx, hearings: Sequence[tuple[str, Told]]) -> dict[str, tuple[int, str | None]]:
    """Each topic's head before these; the topics stay locked until the commit."""
    counts = Counter(topic for topic, _ in hearings)
    last = {topic: event.id for topic, event in hearings}
    heads = tx.all(
        _head,
        f"insert into topics (topic, position, last) values {parameters(len(counts), 3)} "
        "on conflict (topic) do update set position = topics.position + excluded.position, "
        "last = excluded.last, before = topics.last returning topic, position, before",
        *(value for topic, count in counts.items() for value in (topic, count, last[topic])),
    )
    return {topic: (position - counts[topic], before) for topic, position, before in heads}


def _head(topic: str, position: int, before: str | None) -> tuple[str, int, str | None]:
    # Not a lambda where it is used: `tx` remembers for ever how each function takes its rows.
    return topic, position, before


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


def blank(tx: Tx, subject: str) -> None:
    """Empty the bodies of a subject's earlier events: it was edited, deleted or moderated."""
    tx.run("update events set body = '' where subject = $1 and body <> ''", subject)


def as_event(row: Row) -> Event:
    name = row.topic.partition(":")[0]
    # Kinds and names of topics are ours: nothing in them needs an escape.
    head = f'"type":"{row.kind}","topic":"{name}","position":{row.position},"at":"{rfc3339(row.at)}"'
    return Event(row.topic, row.position, f'{{{head},"data":{row.body or "null"}}}')


def epoch(tx: Tx) -> str | None:
    """Positions mean nothing across epochs: a restored database has another one."""
    found: str | None = tx.value("select value from meta where name = 'epoch'")
    return found


def begin_epoch(tx: Tx) -> None:
    tx.run("insert into meta (name, value) values ('epoch', $1) on conflict (name) do nothing", secrets.token_hex(8))


def heads(tx: Tx, topics: Iterable[str]) -> dict[str, Head]:
    """Those topics that anything was told on."""
    found = tx.all(
        Head,
        "select topic, position, pruned from topics where topic in (select value from json_each(cast($1 as text)))",
        msgspec.json.encode(list(topics)).decode(),
    )
    return {head.topic: head for head in found}


def after(tx: Tx, topic: str, position: int, limit: int = PAGE) -> list[Event]:
    """The events after a position, in order."""
    rows = tx.all(
        Row,
        "with recursive back (event, position, before) as ("
        "select s.event, s.position, s.before from topics t "
        "join stream s on s.event = t.last and s.topic = t.topic where t.topic = $1 and t.position > $2 "
        "union all select s.event, s.position, s.before from back "
        "join stream s on s.event = back.before and s.topic = $1 where back.position > $2 + 1) "
        "select cast($1 as text) as topic, back.position, e.kind, e.body, e.at from back "
        "join events e on e.id = back.event order by back.position limit $3",
        topic,
        position,
        limit,
    )
    return [as_event(row) for row in rows]


def replay(tx: Tx, topics: Mapping[str, str], from_epoch: str | None, positions: Mapping[str, int]) -> Replay:
    """What a client missed on `topics`, from its positions on; `recovered` is false where that cannot be told."""
    now = epoch(tx) or ""
    there = heads(tx, topics.values())
    current = {name: there[topic].position if topic in there else 0 for name, topic in topics.items()}
    pruned = {name: there[topic].pruned if topic in there else 0 for name, topic in topics.items()}
    missed = sum(max(0, current[name] - positions.get(name, -1)) for name in topics)
    known = all(pruned[name] <= positions.get(name, -1) <= current[name] for name in topics)
    if from_epoch != now or not known or missed > MOST_REPLAYED:
        return Replay(now, recovered=False, positions=current, events=[])
    events = [event for name, topic in topics.items() for event in after(tx, topic, positions[name], MOST_REPLAYED)]
    return Replay(now, recovered=True, positions=current, events=events)


def sweep(tx: Tx, before: int, limit: int) -> int:
    """Remove events older than `before`; how many. A client that has not seen them is told to load its state afresh."""
    old = tx.all(str, "select id from events where id < $1 order by id limit $2", ids.first("evt", before), limit)
    listed = msgspec.json.encode(old).decode()
    gone = tx.all(
        _spot,
        "delete from stream where event in (select value from json_each(cast($1 as text))) returning topic, position",
        listed,
    )
    tx.run("delete from events where id in (select value from json_each(cast($1 as text)))", listed)
    for topic, position in sorted(dict(sorted(gone)).items()):
        tx.run("update topics set pruned = $2 where topic = $1 and pruned < $2", topic, position)
    return len(old)


def _spot(topic: str, position: int) -> tuple[str, int]:
    return topic, position

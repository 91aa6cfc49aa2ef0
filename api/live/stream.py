"""Everything durable that a user should hear is a row in a stream: `(topic, position)`, positions without gaps."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from api.auth import Actor
from api.clock import rfc3339
from api.db import Tx
from api.db.rows import Record, parameters

MOST_REPLAYED = 10_000
DAYS_KEPT = 7
PAGE = 500
CHUNK = 50
# Of what passes by and is kept nowhere; the others count from 1.
NO_POSITION = 0


class Told(msgspec.Struct, frozen=True):
    """An event before it has a position; `body` is JSON."""

    topic: str
    kind: str
    subject: str
    body: str


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
    subject: str
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
    body = msgspec.json.encode(content).decode()
    for topic in topics:
        tx.collect(write, Told(topic, kind, subject, body))


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
    told = sorted(told, key=lambda event: event.topic)
    events: list[Event] = []
    for start in range(0, len(told), CHUNK):
        part = told[start : start + CHUNK]
        positions = _draw(tx, [event.topic for event in part])
        rows = [
            Row(event.topic, next(positions[event.topic]), event.kind, event.subject, event.body, tx.now)
            for event in part
        ]
        _insert(tx, rows)
        events += [as_event(row) for row in rows]
    if tx.publish is not None:
        tx.after_commit(tx.publish, events)


def _draw(tx: Tx, topics: list[str]) -> dict[str, Any]:
    """The next positions of each topic, as an iterator; the counters stay locked until the commit."""
    counts = {topic: topics.count(topic) for topic in dict.fromkeys(topics)}
    heads = tx.all(
        _place,
        f"insert into topics (topic, position) values {parameters(len(counts), 2)} "
        "on conflict (topic) do update set position = topics.position + excluded.position returning topic, position",
        *(value for pair in counts.items() for value in pair),
    )
    return {topic: iter(range(position - counts[topic] + 1, position + 1)) for topic, position in heads}


def _place(topic: str, position: int) -> tuple[str, int]:
    # Not a lambda where it is used: `tx` remembers for ever how each function takes its rows.
    return topic, position


def _insert(tx: Tx, rows: list[Row]) -> None:
    tx.run(
        f"insert into stream (topic, position, kind, subject, body, at) values {parameters(len(rows), 6)}",
        *(value for row in rows for value in msgspec.structs.astuple(row)),
    )


def blank(tx: Tx, subject: str) -> None:
    """Empty the bodies of a subject's earlier events: it was edited, deleted or moderated."""
    tx.run("update stream set body = '' where subject = $1 and body <> ''", subject)


def as_event(row: Row) -> Event:
    name = row.topic.partition(":")[0]
    head = msgspec.json.encode({"type": row.kind, "topic": name, "position": row.position, "at": rfc3339(row.at)})
    frame = f'{head[:-1].decode()},"data":{row.body or "null"}}}'
    return Event(row.topic, row.position, frame)


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
        "select topic, position, kind, subject, body, at from stream where topic = $1 and position > $2 "
        "order by position limit $3",
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
    gone = tx.all(
        _place,
        "delete from stream where (topic, position) in "
        "(select topic, position from stream where at < $1 order by at limit $2) returning topic, position",
        before,
        limit,
    )
    for topic, position in sorted(dict(sorted(gone)).items()):
        tx.run("update topics set pruned = $2 where topic = $1 and pruned < $2", topic, position)
    return len(gone)

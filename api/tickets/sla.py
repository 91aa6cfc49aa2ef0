"""When an answer is due: values in, values out. Instants are epoch milliseconds, amounts of time milliseconds."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from api.db.rows import Record
from api.localtime import DAY_MINUTES, Weekday, instant, minutes, wall, weekday

Priority = Literal["urgent", "high", "medium", "low"]
Metric = Literal["firstResponse", "nextResponse", "resolution"]
Standing = Literal["running", "paused", "met", "breached"]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Interval = tuple[TimeOfDay, TimeOfDay]

HOUR = 3_600_000
WARN_AT = (50, 75, 90, 100)
# A calendar with no hour in so many days has none worth waiting for.
FARTHEST_DAYS = 3660


class Calendar(Record):
    """Working hours as the clocks of `timezone` show them; `holidays` are dates (YYYY-MM-DD) without any."""

    timezone: str
    week: dict[Weekday, list[Interval]]
    holidays: list[str] = []


class Targets(Record):
    """Minutes, in the calendar's hours; null where nothing is promised."""

    first_response: int | None
    next_response: int | None
    resolution: int | None


class Policy(Record):
    """Stored by value on each ticket, so that a later change of the policy changes no promise. No calendar: always."""

    name: str
    targets: dict[Priority, Targets]
    calendar: Calendar | None = None


class Segment(Record):
    """A stretch of a ticket's clock, running unless `paused` says why not; the last one has no end."""

    start: int
    end: int | None
    paused: str | None = None


class Measured(Record):
    """How a promise stands; `spent` and `remaining` in the calendar's time, `due_at` null while the clock stands."""

    standing: Standing
    due_at: int | None
    spent: int
    remaining: int


def default_policy(hours: int) -> Policy:
    """Nobody waits longer than `hours` for an answer, urgent cases a quarter and high ones half as long."""

    def targets(answer: int) -> Targets:
        return Targets(answer, answer, answer * 3)

    whole = hours * 60
    return Policy(
        "default",
        {"urgent": targets(whole // 4), "high": targets(whole // 2), "medium": targets(whole), "low": targets(whole)},
    )


def target(policy: Policy, priority: Priority, metric: Metric) -> int | None:
    """What the policy promises, in milliseconds."""
    promised = policy.targets.get(priority)
    wanted = None if promised is None else getattr(promised, _FIELDS[metric])
    return None if wanted is None else wanted * 60_000


_FIELDS: Mapping[Metric, str] = {
    "firstResponse": "first_response",
    "nextResponse": "next_response",
    "resolution": "resolution",
}


def working(calendar: Calendar | None, start: int, end: int) -> int:
    """How much of the time from `start` to `end` is working time."""
    if calendar is None:
        return max(0, end - start)
    return sum(min(closes, end) - opens for opens, closes in _hours(calendar, start, end))


def after_working(calendar: Calendar | None, start: int, amount: int) -> int | None:
    """When `amount` of working time has passed since `start`; None where the calendar never has so much."""
    if calendar is None or amount <= 0:
        return start + max(0, amount)
    for opens, closes in _hours(calendar, start, start + FARTHEST_DAYS * 24 * HOUR):
        if amount <= closes - opens:
            return opens + amount
        amount -= closes - opens
    return None


def _hours(calendar: Calendar, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The working intervals that touch the time from `start` to `end`, in order, none before `start`."""
    zone = ZoneInfo(calendar.timezone)
    day, last = wall(start, zone).date() - timedelta(days=1), wall(end, zone).date()
    reached = start
    while day <= last:
        for opens, closes in _hours_of(calendar, day, zone):
            # Intervals that overlap count once.
            opens = max(opens, reached)
            if opens < min(closes, end):
                yield opens, closes
                reached = closes
        day += timedelta(days=1)


def _hours_of(calendar: Calendar, day: date, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """One day's intervals; one that ends where it begins or earlier goes on into the next day."""
    if day.isoformat() in calendar.holidays:
        return
    for begin, end in sorted(calendar.week.get(weekday(day), [])):
        start, stop = minutes(begin), minutes(end)
        opens = instant(day, start, zone)
        closes = instant(day, stop if stop > start else stop + DAY_MINUTES, zone, later=True)
        if closes > opens:
            yield opens, closes


def spent(calendar: Calendar | None, segments: Sequence[Segment], now: int) -> int:
    """How long a clock has run."""
    return sum(working(calendar, part.start, _until(part, now)) for part in segments if part.paused is None)


def reached_at(calendar: Calendar | None, segments: Sequence[Segment], amount: int) -> int | None:
    """When a clock has run, or will have run, for `amount`; None where it stands before that."""
    for part in segments:
        if part.paused is not None:
            continue
        if part.end is None:
            return after_working(calendar, part.start, amount)
        ran = working(calendar, part.start, part.end)
        if amount <= ran:
            return after_working(calendar, part.start, amount)
        amount -= ran
    return None


def _until(part: Segment, now: int) -> int:
    return now if part.end is None else part.end


def measure(
    calendar: Calendar | None, segments: Sequence[Segment], promised: int, met_at: int | None, now: int
) -> Measured:
    """How a promise of `promised` stands at `now`. What was met late stays breached."""
    ran = spent(calendar, segments, met_at or now)
    due_at = reached_at(calendar, segments, promised)
    late = due_at is not None and (now >= due_at if met_at is None else met_at > due_at)
    return Measured(_standing(segments, late, met_at), due_at, ran, promised - ran)


def _standing(segments: Sequence[Segment], late: bool, met_at: int | None) -> Standing:
    if late:
        return "breached"
    if met_at is not None:
        return "met"
    return "paused" if segments and segments[-1].paused is not None else "running"


def warnings(calendar: Calendar | None, segments: Sequence[Segment], promised: int) -> list[tuple[int, int]]:
    """(percent, instant) for each mark that the clock has passed or will pass as it runs now, in order."""
    marks = ((percent, reached_at(calendar, segments, promised * percent // 100)) for percent in WARN_AT)
    return [(percent, at) for percent, at in marks if at is not None]


def pause(segments: Sequence[Segment], reason: str, now: int) -> list[Segment]:
    """The clock stands from `now` on. One that stands already keeps its first reason."""
    if not segments or segments[-1].paused is not None or segments[-1].end is not None:
        return list(segments)
    return [*_closed(segments, now), Segment(now, None, reason)]


def run(segments: Sequence[Segment], now: int) -> list[Segment]:
    """The clock runs from `now` on."""
    if segments and segments[-1].end is None and segments[-1].paused is None:
        return list(segments)
    return [*_closed(segments, now), Segment(now, None)]


def stop(segments: Sequence[Segment], now: int) -> list[Segment]:
    """The clock is read off at `now`."""
    return _closed(segments, now)


def _closed(segments: Sequence[Segment], now: int) -> list[Segment]:
    if not segments or segments[-1].end is not None:
        return list(segments)
    # A clock that was set back must not make a stretch of negative length.
    last = msgspec.structs.replace(segments[-1], end=max(now, segments[-1].start))
    return [*segments[:-1], last]


def after_reopening(calendar: Calendar | None, segments: Sequence[Segment], promised: int, now: int) -> int:
    """The promise of a ticket that is opened again: what was left of it, and at least a quarter of the first."""
    return max(promised, spent(calendar, segments, now) + promised // 4)

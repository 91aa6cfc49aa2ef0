"""Until when somebody wants to be left alone: values in, values out. Instants are epoch milliseconds."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta

from api.db.rows import Record
from api.localtime import DAY_MINUTES, Weekday, instant, minutes, wall, weekday

TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]

# Whoever is quiet all week long is asked again after a week.
LONGEST_DAYS = 7


class Window(Record):
    """Quiet from `start` on each of `days` until `end`, on the next day where `end` is not later than `start`."""

    days: list[Weekday]
    start: TimeOfDay
    end: TimeOfDay


def quiet_until(windows: Sequence[Window], zone: ZoneInfo, now: int) -> int | None:
    """When the quiet around `now` ends; None where there is none. Windows that overlap or touch are one quiet.

    A start or an end that the change to summer time skips is the moment of the change; of one that the change back
    shows twice, the quiet begins with the first and ends with the second.
    """
    today = wall(now, zone).date()
    spans = sorted(_spans(windows, zone, today - timedelta(days=1), today + timedelta(days=LONGEST_DAYS)))
    until = None
    for start, end in spans:
        if start <= (now if until is None else until) < end:
            until = end
    return until


def _spans(windows: Sequence[Window], zone: ZoneInfo, first: date, last: date) -> Iterator[tuple[int, int]]:
    """From and until when each window is quiet, on the days that it names."""
    for window in windows:
        start, end = minutes(window.start), minutes(window.end)
        end += DAY_MINUTES if end <= start else 0
        day = first
        while day <= last:
            if weekday(day) in window.days:
                yield instant(day, start, zone), instant(day, end, zone, later=True)
            day += timedelta(days=1)

"""What the clocks on a wall show as instants, with both ends of daylight saving. Instants are epoch milliseconds."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from api.clock import milliseconds

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

DAY_MINUTES = 1440
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekday(day: date) -> Weekday:
    return WEEKDAYS[day.weekday()]


def minutes(time_of_day: str) -> int:
    """Minutes since midnight of an `HH:MM`."""
    return int(time_of_day[:2]) * 60 + int(time_of_day[3:])


def wall(moment: int, zone: ZoneInfo) -> datetime:
    """What the clocks of a zone show at an instant."""
    return datetime.fromtimestamp(moment / 1000, zone)


def instant(day: date, minute: int, zone: ZoneInfo, *, later: bool = False) -> int:
    """When the clocks show `minute` (0..1440) of a day.

    A time that a change skips is the moment of the change; of a time that comes twice, the first or the `later`.
    """
    shown = datetime.combine(day, time()) + timedelta(minutes=minute)
    moment = shown.replace(tzinfo=zone, fold=int(later)).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != shown:
        moment = _change_around(shown, zone)
    return milliseconds(moment)


def _change_around(skipped: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which the clocks jump over a time that they never show."""
    # In a gap the two folds are taken with the offsets after and before it (PEP 495), so they lie around the change.
    before, after = (skipped.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after

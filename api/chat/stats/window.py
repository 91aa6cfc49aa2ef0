"""From when to when figures are summed up, of what a caller wrote."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from api.clock import milliseconds
from api.errors import InvalidRequest
from api.rollups import QUARTER

DAY = 96 * QUARTER
USUAL_DAYS, MOST_DAYS = 30, 400
# Not all that `fromisoformat` reads: no weeks, and nothing that is left out.
PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
YEARS = range(2000, 3000)


class Window(msgspec.Struct, frozen=True):
    """Epoch milliseconds, `end` no longer in it."""

    start: int
    end: int


def window_of(start: str | None, end: str | None, timezone: str, now: int) -> Window:
    """Until the end of this quarter of an hour, and for 30 days, where nothing else is said. Raises InvalidRequest."""
    zone = _zone(timezone)
    last = now - now % QUARTER + QUARTER if end is None else _instant("?to", end, zone)
    first = last - USUAL_DAYS * DAY if start is None else _instant("?from", start, zone)
    if first >= last:
        raise InvalidRequest.at("?from", "out_of_range", "is not before the end of the window")
    # By the clocks: of 400 days from midnight to midnight, one may have 25 hours.
    if _shown(last, zone) - _shown(first, zone) > timedelta(days=MOST_DAYS):
        raise InvalidRequest.at("?from", "out_of_range", f"is more than {MOST_DAYS} days before the end of the window")
    return Window(first, last)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidRequest.at("?timezone", "invalid", "is no IANA time zone, such as Europe/Berlin") from None


def _instant(pointer: str, text: str, zone: ZoneInfo) -> int:
    """Of a date, its midnight; of a time without an offset, when the clocks of the zone show it first."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest.at(pointer, "invalid", "is no date and no time that there is") from None
    if moment.year not in YEARS:
        raise InvalidRequest.at(pointer, "out_of_range", "must be in the years 2000 to 2999")
    found = milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    if found % QUARTER:
        raise InvalidRequest.at(pointer, "invalid", "is no whole quarter of an hour")
    return found


def _shown(moment: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(moment / 1000, zone).replace(tzinfo=None)

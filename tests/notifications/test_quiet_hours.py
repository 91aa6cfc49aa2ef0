"""Quiet hours as a table. Times are as the clocks of the zone show them; a `*` is the second time they do."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from api.clock import milliseconds
from api.localtime import WEEKDAYS
from api.notifications.quiet_hours import Window, quiet_until

ALL = list(WEEKDAYS)
WORKDAYS, WEEKEND = ALL[:5], ALL[5:]
WINDOWS = {
    "night": [Window(ALL, "22:00", "07:00")],
    "siesta": [Window(ALL, "13:00", "15:00")],
    "both": [Window(ALL, "22:00", "07:00"), Window(ALL, "13:00", "15:00")],
    "touching": [Window(ALL, "22:00", "06:00"), Window(ALL, "06:00", "08:00")],
    "overlapping": [Window(ALL, "21:00", "23:30"), Window(ALL, "23:00", "05:00"), Window(ALL, "04:00", "04:30")],
    "weekend": [Window(WEEKEND, "00:00", "00:00")],
    "friday": [Window(["fri"], "22:00", "10:00")],
    "always": [Window(ALL, "00:00", "00:00")],
    "whole": [Window(["tue"], "12:00", "12:00")],
    "split": [Window(WORKDAYS, "22:00", "06:00"), Window(WEEKEND, "23:00", "10:00")],
    "skipped-start": [Window(["sun"], "02:30", "04:00")],
    "skipped-end": [Window(ALL, "22:00", "02:30")],
    "twice": [Window(ALL, "02:15", "02:45")],
    "none": [],
}
# windows, zone, now, until when (`-` where it is not quiet)
CASES = """
none        Europe/Berlin     2026-11-24T03:00   -
night       Europe/Berlin     2026-11-24T21:59   -
night       Europe/Berlin     2026-11-24T22:00   2026-11-25T07:00
night       Europe/Berlin     2026-11-24T23:59   2026-11-25T07:00
night       Europe/Berlin     2026-11-25T00:00   2026-11-25T07:00
night       Europe/Berlin     2026-11-25T06:59   2026-11-25T07:00
night       Europe/Berlin     2026-11-25T07:00   -
night       Europe/Berlin     2026-12-31T23:00   2027-01-01T07:00
night       Asia/Kolkata      2026-11-24T22:30   2026-11-25T07:00
night       Pacific/Apia      2026-11-24T23:00   2026-11-25T07:00
night       America/St_Johns  2026-11-24T23:00   2026-11-25T07:00
siesta      Europe/Madrid     2026-11-24T12:59   -
siesta      Europe/Madrid     2026-11-24T13:00   2026-11-24T15:00
siesta      Europe/Madrid     2026-11-24T15:00   -
both        Europe/Madrid     2026-11-24T14:00   2026-11-24T15:00
both        Europe/Madrid     2026-11-24T16:00   -
both        Europe/Madrid     2026-11-24T23:00   2026-11-25T07:00
touching    Europe/Berlin     2026-11-24T23:00   2026-11-25T08:00
touching    Europe/Berlin     2026-11-25T06:00   2026-11-25T08:00
overlapping Europe/Berlin     2026-11-24T21:30   2026-11-25T05:00
overlapping Europe/Berlin     2026-11-25T04:10   2026-11-25T05:00
weekend     Europe/Berlin     2026-11-27T23:59   -
weekend     Europe/Berlin     2026-11-28T00:00   2026-11-30T00:00
weekend     Europe/Berlin     2026-11-29T23:59   2026-11-30T00:00
weekend     Europe/Berlin     2026-11-30T00:00   -
friday      Europe/Berlin     2026-11-27T23:00   2026-11-28T10:00
friday      Europe/Berlin     2026-11-28T09:00   2026-11-28T10:00
friday      Europe/Berlin     2026-11-28T23:00   -
friday      Europe/Berlin     2026-11-27T09:00   -
whole       Europe/Berlin     2026-11-24T11:59   -
whole       Europe/Berlin     2026-11-24T12:00   2026-11-25T12:00
whole       Europe/Berlin     2026-11-25T11:59   2026-11-25T12:00
always      Europe/Berlin     2026-11-24T12:00   2026-12-02T00:00
split       Europe/Berlin     2026-11-27T23:00   2026-11-28T06:00
split       Europe/Berlin     2026-11-28T07:00   -
split       Europe/Berlin     2026-11-28T23:30   2026-11-29T10:00
split       Europe/Berlin     2026-11-29T22:30   -
split       Europe/Berlin     2026-11-29T23:30   2026-11-30T10:00
night       Europe/Berlin     2026-03-28T23:00   2026-03-29T07:00
night       Europe/Berlin     2026-03-29T01:59   2026-03-29T07:00
night       Europe/Berlin     2026-10-25T02:30   2026-10-25T07:00
night       Europe/Berlin     2026-10-25T02:30*  2026-10-25T07:00
night       Africa/Cairo      2026-04-23T23:30   2026-04-24T07:00
skipped-start Europe/Berlin   2026-03-29T01:59   -
skipped-start Europe/Berlin   2026-03-29T03:00   2026-03-29T04:00
skipped-start Europe/Berlin   2026-03-22T02:30   2026-03-22T04:00
skipped-end Europe/Berlin     2026-03-29T01:59   2026-03-29T03:00
skipped-end Europe/Berlin     2026-03-29T03:00   -
skipped-end Europe/Berlin     2026-10-25T02:00   2026-10-25T02:30*
skipped-end Europe/Berlin     2026-10-25T02:29*  2026-10-25T02:30*
skipped-end Europe/Berlin     2026-10-25T02:30*  -
twice       Europe/Berlin     2026-10-25T02:15   2026-10-25T02:45*
twice       Europe/Berlin     2026-10-25T02:10*  2026-10-25T02:45*
twice       Europe/Berlin     2026-10-25T02:45*  -
twice       Europe/Berlin     2026-03-29T03:00   -
"""


def instant(text: str, zone: ZoneInfo) -> int:
    shown = datetime.fromisoformat(text.rstrip("*"))
    return milliseconds(shown.replace(tzinfo=zone, fold=int(text.endswith("*"))))


@pytest.mark.parametrize("row", [line.split() for line in CASES.strip().splitlines()], ids=" ".join)
def test_until_when_it_is_quiet(row: list[str]) -> None:
    name, place, now, until = row
    zone = ZoneInfo(place)
    expected = None if until == "-" else instant(until, zone)
    assert quiet_until(WINDOWS[name], zone, instant(now, zone)) == expected

"""Deadlines as tables. Times are written as the clocks of the case show them, amounts in minutes."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from api.clock import milliseconds
from api.localtime import WEEKDAYS, Weekday
from api.tickets import sla
from api.tickets.sla import Calendar, Interval, Segment, Targets

BERLIN, NEW_YORK, UTC = "Europe/Berlin", "America/New_York", "UTC"
DAY: list[Interval] = [("09:00", "17:00")]
SPLIT: list[Interval] = [("08:00", "12:00"), ("13:00", "17:00")]
LATE: list[Interval] = [("22:00", "06:00")]
ALL_DAY: list[Interval] = [("00:00", "24:00")]
WORKDAYS: tuple[Weekday, ...] = WEEKDAYS[:5]
OFFICE = Calendar(BERLIN, dict.fromkeys(WORKDAYS, DAY), ["2026-12-25", "2026-12-26", "2027-01-01"])
SHOP = Calendar(BERLIN, {**dict.fromkeys(WORKDAYS, SPLIT), "sat": [("10:00", "14:00")]})
NIGHT = Calendar(BERLIN, dict.fromkeys(WEEKDAYS[4:], LATE))
ALWAYS = Calendar(BERLIN, dict.fromkeys(WEEKDAYS, ALL_DAY))
EARLY = Calendar(BERLIN, {"sun": [("01:00", "05:00")]})
OVERLAP = Calendar(UTC, {"mon": [("09:00", "13:00"), ("12:00", "15:00")]})
EAST = Calendar(NEW_YORK, dict.fromkeys(WORKDAYS, DAY))
NEVER = Calendar(UTC, {})
CALENDARS = {
    "office": OFFICE,
    "shop": SHOP,
    "night": NIGHT,
    "always": ALWAYS,
    "early": EARLY,
    "overlap": OVERLAP,
    "east": EAST,
    "never": NEVER,
    "none": None,
}
MINUTE = 60_000


def at(text: str, zone: str = BERLIN, fold: int = 0) -> int:
    return milliseconds(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold))


def of(name: str, text: str) -> int:
    """An instant as the calendar's own clocks show it; a `*` behind it means the second time they do."""
    calendar = CALENDARS[name]
    zone = BERLIN if calendar is None else calendar.timezone
    return at(text.rstrip("*"), zone, int(text.endswith("*")))


# calendar, from, until, working minutes between
WORKING = """
none    2026-11-24T10:00  2026-11-24T11:30    90
none    2026-11-24T10:00  2026-11-24T10:00     0
none    2026-11-24T10:00  2026-11-24T09:00     0
none    2026-11-21T10:00  2026-11-23T10:00  2880
none    2026-03-28T12:00  2026-03-29T12:00  1380
none    2026-10-24T12:00  2026-10-25T12:00  1500
office  2026-11-24T10:00  2026-11-24T11:30    90
office  2026-11-24T07:00  2026-11-24T09:00     0
office  2026-11-24T07:00  2026-11-24T09:01     1
office  2026-11-24T16:59  2026-11-24T20:00     1
office  2026-11-24T17:00  2026-11-25T09:00     0
office  2026-11-24T16:00  2026-11-25T10:00   120
office  2026-11-24T09:00  2026-11-24T17:00   480
office  2026-11-24T00:00  2026-11-25T00:00   480
office  2026-11-21T10:00  2026-11-22T18:00     0
office  2026-11-20T16:00  2026-11-23T10:00   120
office  2026-11-23T00:00  2026-11-30T00:00  2400
office  2026-12-24T16:00  2026-12-28T10:00   120
office  2026-12-25T09:00  2026-12-25T17:00     0
office  2026-12-31T09:00  2027-01-04T17:00   960
office  2026-11-24T11:00  2026-11-24T10:00     0
office  2026-03-27T16:00  2026-03-30T10:00   120
office  2026-10-23T16:00  2026-10-26T10:00   120
shop    2026-11-24T08:00  2026-11-24T17:00   480
shop    2026-11-24T11:30  2026-11-24T13:30    60
shop    2026-11-24T12:00  2026-11-24T13:00     0
shop    2026-11-24T12:30  2026-11-24T12:45     0
shop    2026-11-21T09:00  2026-11-21T12:00   120
shop    2026-11-21T13:00  2026-11-23T09:00   120
shop    2026-11-22T00:00  2026-11-23T00:00     0
night   2026-11-20T21:00  2026-11-21T07:00   480
night   2026-11-20T23:00  2026-11-21T01:00   120
night   2026-11-21T05:00  2026-11-21T23:00   120
night   2026-11-23T00:00  2026-11-23T12:00   360
night   2026-11-23T12:00  2026-11-24T12:00     0
night   2026-03-28T22:00  2026-03-29T06:00   420
night   2026-10-24T22:00  2026-10-25T06:00   540
always  2026-11-24T10:00  2026-11-25T10:00  1440
always  2026-03-28T12:00  2026-03-29T12:00  1380
always  2026-10-24T12:00  2026-10-25T12:00  1500
early   2026-03-29T00:00  2026-03-29T12:00   180
early   2026-10-25T00:00  2026-10-25T12:00   300
early   2026-11-22T00:00  2026-11-22T12:00   240
early   2026-10-25T02:30  2026-10-25T02:30*   60
overlap 2026-11-23T00:00  2026-11-24T00:00   360
overlap 2026-11-23T12:30  2026-11-23T14:00    90
east    2026-11-24T10:00  2026-11-24T11:00    60
east    2026-10-30T16:00  2026-11-02T10:00   120
east    2026-03-06T16:00  2026-03-09T10:00   120
never   2026-11-24T10:00  2027-11-24T10:00     0
"""
# calendar, start, minutes of work, when they have passed
AFTER = """
none    2026-11-24T10:00    90  2026-11-24T11:30
none    2026-11-24T10:00     0  2026-11-24T10:00
none    2026-03-28T12:00  1440  2026-03-29T13:00
none    2026-10-24T12:00  1440  2026-10-25T11:00
office  2026-11-24T10:00    60  2026-11-24T11:00
office  2026-11-24T10:00   420  2026-11-24T17:00
office  2026-11-24T10:00   421  2026-11-25T09:01
office  2026-11-24T07:00    60  2026-11-24T10:00
office  2026-11-24T18:00    60  2026-11-25T10:00
office  2026-11-24T16:30    60  2026-11-25T09:30
office  2026-11-20T16:30    60  2026-11-23T09:30
office  2026-11-21T12:00    60  2026-11-23T10:00
office  2026-11-24T09:00  1440  2026-11-26T17:00
office  2026-11-24T10:00  1440  2026-11-27T10:00
office  2026-12-24T16:00   120  2026-12-28T10:00
office  2026-12-31T16:00   120  2027-01-04T10:00
office  2026-03-27T16:30    60  2026-03-30T09:30
office  2026-10-23T16:30    60  2026-10-26T09:30
shop    2026-11-24T11:30    60  2026-11-24T13:30
shop    2026-11-24T11:30    30  2026-11-24T12:00
shop    2026-11-24T12:30     1  2026-11-24T13:01
shop    2026-11-20T16:30    60  2026-11-21T10:30
shop    2026-11-21T13:30    60  2026-11-23T08:30
night   2026-11-20T21:00    60  2026-11-20T23:00
night   2026-11-20T23:00   420  2026-11-21T06:00
night   2026-11-20T23:00   480  2026-11-21T23:00
night   2026-11-23T05:30    60  2026-11-27T22:30
night   2026-03-29T01:30    60  2026-03-29T03:30
night   2026-10-25T01:30    60  2026-10-25T02:30
night   2026-10-25T01:30   120  2026-10-25T02:30*
always  2026-11-24T10:00  1440  2026-11-25T10:00
always  2026-03-28T12:00  1440  2026-03-29T13:00
always  2026-10-24T12:00  1440  2026-10-25T11:00
early   2026-03-29T01:30    60  2026-03-29T03:30
early   2026-03-29T01:00   180  2026-03-29T05:00
early   2026-10-25T02:30    60  2026-10-25T02:30*
early   2026-10-25T01:00   300  2026-10-25T05:00
overlap 2026-11-23T12:00   180  2026-11-23T15:00
east    2026-10-30T16:30    60  2026-11-02T09:30
east    2026-03-06T16:30    60  2026-03-09T09:30
"""


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


@pytest.mark.parametrize("row", rows(WORKING), ids=" ".join)
def test_working_time_between_two_moments(row: list[str]) -> None:
    name, start, end, minutes = row
    assert sla.working(CALENDARS[name], of(name, start), of(name, end)) == int(minutes) * MINUTE


@pytest.mark.parametrize("row", rows(AFTER), ids=" ".join)
def test_the_moment_after_so_much_working_time(row: list[str]) -> None:
    name, start, minutes, end = row
    assert sla.after_working(CALENDARS[name], of(name, start), int(minutes) * MINUTE) == of(name, end)


def test_a_calendar_without_hours_never_gets_there() -> None:
    assert sla.after_working(NEVER, at("2026-11-24T10:00"), 1) is None


# What happened on 24 November (a Tuesday) at which hour; `p`ause, `r`un, `s`top; then a clock of 120 minutes at `now`:
# minutes it ran, when it is due (`-` while that is not known), how it stands.
CLOCKS = """
none   r10:00                      11:00   60  12:00  running
none   r10:00                      12:00  120  12:00  breached
none   r10:00                      11:59  119  12:00  running
none   r10:00,s11:00               15:00   60  -      met
none   r10:00,s12:00               15:00  120  12:00  met
none   r10:00,s12:01               15:00  121  12:00  breached
none   r10:00,p10:30               18:00   30  -      paused
none   r10:00,p10:30,r12:00        12:30   60  13:30  running
none   r10:00,p10:30,r12:00        13:30  120  13:30  breached
none   r10:00,p10:30,p11:00,r12:00 12:30   60  13:30  running
none   r10:00,p12:30               18:00  150  12:00  breached
none   r10:00,p10:30,r11:00,p11:30 18:00   60  -      paused
none   r10:00,r10:30               11:00   60  12:00  running
none   r10:00,p10:30,s11:00        18:00   30  -      met
office r16:00                      20:00   60  +10:00 running
office r16:00                      16:30   30  +10:00 running
office r07:00                      09:30   30  11:00  running
office r16:00,p16:30               18:00   30  -      paused
office r16:00,p16:30,r18:00        20:00   30  +10:30 running
office r16:00,p17:00,r18:00        20:00   60  +10:00 running
shop   r11:30                      12:30   30  14:30  running
shop   r11:30,p11:45,r12:30        13:15   30  14:45  running
"""


def clocks(name: str, story: str) -> list[Segment]:
    segments: list[Segment] = []
    for step in story.split(","):
        now = of(name, f"2026-11-24T{step[1:]}")
        if step[0] == "p":
            segments = sla.pause(segments, "requester", now)
        else:
            segments = sla.run(segments, now) if step[0] == "r" else sla.stop(segments, now)
    return segments


@pytest.mark.parametrize("row", rows(CLOCKS), ids=" ".join)
def test_a_clock_that_runs_pauses_and_stops(row: list[str]) -> None:
    name, story, now, minutes, due, standing = row
    segments = clocks(name, story)
    met_at = segments[-1].end
    seen = sla.measure(CALENDARS[name], segments, 120 * MINUTE, met_at, of(name, f"2026-11-24T{now}"))
    due_at = None if due == "-" else of(name, f"2026-11-{25 if due[0] == '+' else 24}T{due.lstrip('+')}")
    assert (seen.spent, seen.due_at, seen.standing) == (int(minutes) * MINUTE, due_at, standing)
    assert seen.remaining == 120 * MINUTE - seen.spent


def test_warnings_come_at_their_part_of_the_working_time() -> None:
    marks = sla.warnings(OFFICE, [Segment(at("2026-11-24T16:00"), None)], 120 * MINUTE)
    assert marks == [
        (50, at("2026-11-24T17:00")),
        (75, at("2026-11-25T09:30")),
        (90, at("2026-11-25T09:48")),
        (100, at("2026-11-25T10:00")),
    ]


def test_a_clock_that_stands_warns_only_of_what_has_passed() -> None:
    assert sla.warnings(None, clocks("none", "r10:00,p11:00"), 120 * MINUTE) == [(50, at("2026-11-24T11:00"))]


def test_a_clock_set_back_makes_no_negative_stretch() -> None:
    assert sla.spent(None, clocks("none", "r10:00,p09:00"), at("2026-11-24T12:00")) == 0


@pytest.mark.parametrize(("ran", "promised"), [(30, 120), (90, 120), (119, 149), (120, 150), (300, 330)])
def test_a_ticket_that_is_opened_again_has_what_was_left_and_never_breaches_at_once(ran: int, promised: int) -> None:
    start = at("2026-11-24T10:00")
    segments = [Segment(start, start + ran * MINUTE)]
    assert sla.after_reopening(None, segments, 120 * MINUTE, start + 900 * MINUTE) == promised * MINUTE


def test_the_default_policy_promises_nobody_a_later_answer_than_the_setting() -> None:
    policy = sla.default_policy(24)
    hours = {priority: found.first_response for priority, found in policy.targets.items()}
    assert hours == {"urgent": 6 * 60, "high": 12 * 60, "medium": 24 * 60, "low": 24 * 60}
    assert sla.target(policy, "urgent", "resolution") == 18 * 60 * MINUTE


def test_what_a_policy_leaves_out_is_not_promised() -> None:
    policy = sla.Policy("bare", {"high": Targets(60, None, None)})
    assert [sla.target(policy, "high", metric) for metric in ("firstResponse", "nextResponse", "resolution")] == [
        60 * MINUTE,
        None,
        None,
    ]
    assert sla.target(policy, "low", "firstResponse") is None

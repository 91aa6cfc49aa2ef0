"""By which ways and when, as a table; times as the clocks in Berlin show them, from a Tuesday on."""

from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest

from api.clock import milliseconds
from api.notifications.decision import Asked, Rule, State, decide, digest_time
from api.notifications.dispatch.rules import RULES
from api.notifications.preferences.effective import effective
from api.notifications.preferences.types import ChannelName, Choices

ZONE = ZoneInfo("Europe/Berlin")
EVERYTHING: frozenset[ChannelName] = frozenset(("inApp", "push", "email", "sms"))
MAIL: frozenset[ChannelName] = frozenset(("email",))
CHOICES: dict[str, dict[str, Any]] = {
    "none": {},
    "no-push": {"channels": {"push": False}},
    "no-booking": {"matrix": {"booking": {"push": "off", "email": "off", "sms": "off"}}},
    "digest": {"matrix": {"booking": {"push": "digest", "email": "digest"}}},
    "hourly": {"frequency": {"booking": "hourly"}},
    "weekly": {"frequency": {"booking": "weekly"}, "digestAt": "07:30"},
    "muted": {"mutedUntil": "2026-11-24T18:00:00+01:00"},
    "muted-into-night": {"mutedUntil": "2026-11-24T23:00:00+01:00"},
    "no-quiet": {"quietHours": {"windows": []}},
    "quiet-drop": {
        "quietHours": {
            "windows": [{"days": ["tue", "wed"], "start": "22:00", "end": "06:00"}],
            "policy": {"low": "drop", "high": "defer"},
        }
    },
    "quiet-utc": {"quietHours": {"windows": [{"days": ["tue"], "start": "09:00", "end": "10:00"}], "timezone": "UTC"}},
}
# choices, category, priority, time, then what becomes of push, email and sms: the rule, and when
CASES = """
none             booking medium 12:00  now@12:00              after_the_ways_before@12:30  only_if_urgent@12:00
none             booking high   12:00  now@12:00              after_the_ways_before@12:05  after_the_ways_before@12:15
none             booking low    12:00  now@12:00              after_the_ways_before@13:00  only_if_urgent@12:00
none             payment high   12:00  now@12:00              after_the_ways_before@12:05  category_off@12:00
none             review  low    12:00  now@12:00              digest@+08:00                only_if_urgent@12:00
none             system  medium 07:30  now@07:30              digest@+08:00                only_if_urgent@07:30
none             booking medium 21:59  now@21:59              quiet_hours@+07:00           only_if_urgent@21:59
none             booking medium 22:00  quiet_hours@+07:00     quiet_hours@+07:00           only_if_urgent@22:00
none             booking medium 03:00  quiet_hours@07:00      quiet_hours@07:00            only_if_urgent@03:00
none             booking high   03:00  now@03:00              after_the_ways_before@03:05  after_the_ways_before@03:15
none             booking low    06:59  quiet_hours@07:00      after_the_ways_before@07:59  only_if_urgent@06:59
none             booking low    07:00  now@07:00              after_the_ways_before@08:00  only_if_urgent@07:00
no-push          booking high   12:00  channel_off@12:00      after_the_ways_before@12:05  after_the_ways_before@12:15
no-booking       booking high   12:00  category_off@12:00     category_off@12:00           category_off@12:00
no-booking       payment medium 12:00  now@12:00              after_the_ways_before@12:30  only_if_urgent@12:00
digest           booking medium 12:00  digest@+08:00          digest@+08:00                only_if_urgent@12:00
digest           booking medium 07:00  digest@08:00           digest@08:00                 only_if_urgent@07:00
digest           booking medium 03:00  digest@08:00           digest@08:00                 only_if_urgent@03:00
hourly           booking medium 12:10  digest@13:00           digest@13:00                 only_if_urgent@12:10
hourly           booking medium 21:30  digest@+07:00          digest@+07:00                only_if_urgent@21:30
hourly           booking high   21:30  digest@22:00           digest@22:00                 digest@22:00
weekly           booking medium 12:00  digest@mon07:30        digest@mon07:30              only_if_urgent@12:00
muted            booking medium 12:00  muted@18:00            muted@18:00                  only_if_urgent@12:00
muted            booking high   17:50  muted@18:00            muted@18:00                  after_the_ways_before@18:05
muted-into-night booking medium 12:00  muted@+07:00           muted@+07:00                 only_if_urgent@12:00
muted-into-night booking high   12:00  muted@23:00            muted@23:00                  muted@23:00
no-quiet         booking medium 03:00  now@03:00              after_the_ways_before@03:30  only_if_urgent@03:00
quiet-drop       booking low    23:00  quiet_hours_drop@23:00 quiet_hours_drop@+00:00      only_if_urgent@23:00
quiet-drop       booking medium 23:00  quiet_hours@+06:00     quiet_hours@+06:00           only_if_urgent@23:00
quiet-drop       booking high   23:00  quiet_hours@+06:00     quiet_hours@+06:00           quiet_hours@+06:00
quiet-utc        booking medium 10:30  quiet_hours@11:00      after_the_ways_before@11:00  only_if_urgent@10:30
"""
DAYS = {"": "2026-11-24", "+": "2026-11-25", "mon": "2026-11-30"}


def at(text: str) -> int:
    day = DAYS[text[:-5]]
    return milliseconds(datetime.fromisoformat(f"{day}T{text[-5:]}").replace(tzinfo=ZONE))


def wanted(name: str, offered: frozenset[Any] = EVERYTHING) -> Any:
    return effective(msgspec.convert(CHOICES[name], Choices, strict=False), 1, "Europe/Berlin", offered)


@pytest.mark.parametrize("row", [line.split() for line in CASES.strip().splitlines()], ids=" ".join)
def test_what_becomes_of_a_notification(row: list[str]) -> None:
    name, category, priority, now, *expected = row
    asked = Asked(category, priority, mandatory=False)  # type: ignore[arg-type]
    found = decide(asked, wanted(name), State(at(now), EVERYTHING))
    told = [(verdict.rule, verdict.at) for verdict in found]
    assert told == [(rule, at(when)) for rule, _, when in (text.partition("@") for text in expected)]
    held = {"digest", "quiet_hours", "muted"}
    sent = {"now", "after_the_ways_before"}
    assert [one.outcome for one in found] == [
        "held" if one.rule in held else "queued" if one.rule in sent else "not_sent" for one in found
    ]


def test_where_nobody_can_be_reached_nothing_is_sent() -> None:
    found = decide(Asked("booking", "high", mandatory=False), wanted("none"), State(at("12:00"), MAIL))
    assert [one.rule for one in found] == ["no_address", "after_the_ways_before", "no_address"]


def test_what_the_service_does_not_offer_is_said_first() -> None:
    state = State(at("12:00"), EVERYTHING)
    found = decide(Asked("booking", "low", mandatory=True), wanted("none", frozenset(("inApp", *MAIL))), state)
    assert [one.rule for one in found] == ["not_offered", "after_the_ways_before", "not_offered"]


def test_what_is_mandatory_comes_whatever_was_chosen_but_lets_people_sleep() -> None:
    for name in ("no-push", "no-booking", "muted", "weekly"):
        found = decide(Asked("booking", "medium", mandatory=True), wanted(name), State(at("12:00"), EVERYTHING))
        assert [one.rule for one in found][:2] == ["now", "after_the_ways_before"], name
    night = decide(Asked("booking", "medium", mandatory=True), wanted("quiet-drop"), State(at("23:00"), EVERYTHING))
    assert [one.rule for one in night][:2] == ["quiet_hours", "quiet_hours"]


@pytest.mark.parametrize(("recent", "rule"), [(11, "now"), (12, "throttled")])
def test_a_flood_is_folded_an_hour_after_its_first(recent: int, rule: str) -> None:
    state = State(at("12:30"), EVERYTHING, {"push": recent}, {"push": at("12:10")})
    push = decide(Asked("booking", "high", mandatory=False), wanted("none"), state)[0]
    assert (push.rule, push.at) == (rule, at("12:30") if rule == "now" else at("13:10"))


def test_what_has_waited_goes_at_once() -> None:
    found = decide(
        Asked("booking", "high", mandatory=False), wanted("none"), State(at("12:00"), EVERYTHING, waited=True)
    )
    assert [(one.rule, one.at) for one in found] == [("now", at("12:00"))] * 3


def test_a_digest_comes_at_its_time_of_the_day_even_where_that_is_skipped() -> None:
    before = milliseconds(datetime.fromisoformat("2026-03-28T12:00").replace(tzinfo=ZONE))
    expected = milliseconds(datetime.fromisoformat("2026-03-29T03:00").replace(tzinfo=ZONE))
    assert digest_time("daily", 150, ZONE, before) == expected


def test_every_rule_is_put_into_words() -> None:
    assert set(get_args(Rule)) <= set(RULES)

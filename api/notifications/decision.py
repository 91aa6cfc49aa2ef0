"""By which ways a notification reaches somebody, and when: values in, values out. Instants are epoch milliseconds."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from api.clock import milliseconds
from api.localtime import instant, minutes, wall
from api.notifications.kinds import Category, Priority
from api.notifications.preferences.effective import Preferences
from api.notifications.preferences.types import ChannelName, Frequency
from api.notifications.quiet_hours import quiet_until

MINUTE = 60_000
HOUR = 60 * MINUTE
# How long a way waits for the ones before it to be noticed: the screen, then the phone, then mail, then a text message.
WAITS: Mapping[ChannelName, Mapping[Priority, int]] = {
    "push": {"high": 0, "medium": 0, "low": 0},
    "email": {"high": 5 * MINUTE, "medium": 30 * MINUTE, "low": 60 * MINUTE},
    "sms": {"high": 15 * MINUTE},
}
# More than so many of a category within an hour by one way are folded into one at the end of it.
MOST_PER_HOUR: Mapping[ChannelName, int] = {"push": 12, "email": 4, "sms": 3}
WAYS: tuple[ChannelName, ...] = ("push", "email", "sms")

Outcome = Literal["queued", "held", "not_sent"]
Rule = Literal[
    "now",
    "after_the_ways_before",
    "not_offered",
    "channel_off",
    "category_off",
    "only_if_urgent",
    "no_address",
    "muted",
    "digest",
    "quiet_hours",
    "quiet_hours_drop",
    "throttled",
]


class Asked(msgspec.Struct, frozen=True):
    category: Category
    priority: Priority
    mandatory: bool


class State(msgspec.Struct, frozen=True):
    """`reachable`: the ways that somebody has an address for.

    `recent`: how many of this category went each way within the last hour; `oldest`: the first of them. `waited`: the
    ways before have had their time.
    """

    now: int
    reachable: frozenset[ChannelName]
    recent: Mapping[ChannelName, int] = {}
    oldest: Mapping[ChannelName, int] = {}
    waited: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """`at`: when it is to be sent. What is held is folded with whatever else waits for the same moment."""

    channel: ChannelName
    outcome: Outcome
    at: int
    rule: Rule


def decide(asked: Asked, wanted: Preferences, state: State) -> list[Verdict]:
    """One verdict for each way out of the app, in the order in which they are tried."""
    return [_verdict(asked, wanted, state, channel) for channel in WAYS]


def _verdict(asked: Asked, wanted: Preferences, state: State, channel: ChannelName) -> Verdict:
    if refused := _refused(asked, wanted, state, channel):
        return Verdict(channel, "not_sent", state.now, refused)
    at = state.now + (0 if state.waited else WAITS[channel][asked.priority])
    for rule, until in _delays(asked, wanted, state, channel, at):
        return Verdict(channel, "not_sent" if rule == "quiet_hours_drop" else "held", until, rule)
    return Verdict(channel, "queued", at, "now" if at == state.now else "after_the_ways_before")


def _refused(asked: Asked, wanted: Preferences, state: State, channel: ChannelName) -> Rule | None:
    switch, cell = wanted.channels[channel], wanted.matrix[asked.category][channel]
    if not switch.value and switch.source == "platform":
        return "not_offered"
    if asked.priority not in WAITS[channel]:
        return "only_if_urgent"
    if not asked.mandatory or channel == "sms":
        if not switch.value:
            return "channel_off"
        if cell.value == "off":
            return "category_off"
    return None if channel in state.reachable else "no_address"


def _delays(
    asked: Asked, wanted: Preferences, state: State, channel: ChannelName, at: int
) -> Iterator[tuple[Rule, int]]:
    """What keeps it from going at `at`, the strongest reason first, and until when."""
    zone = ZoneInfo(wanted.quiet_hours.timezone)
    if wanted.muted_until is not None and (muted := milliseconds(wanted.muted_until)) > at and not asked.mandatory:
        yield "muted", _awake(asked, wanted, zone, muted)
    pace = wanted.frequency[asked.category].value
    if wanted.matrix[asked.category][channel].value == "digest" and pace == "immediate":
        pace = "daily"
    if pace != "immediate" and not asked.mandatory:
        yield "digest", _awake(asked, wanted, zone, digest_time(pace, minutes(wanted.digest_at.value), zone, at))
    policy = wanted.quiet_hours.policy[asked.priority]
    if policy != "pass" and (until := quiet_until(wanted.quiet_hours.windows, zone, at)) is not None:
        yield ("quiet_hours_drop", at) if policy == "drop" and not asked.mandatory else ("quiet_hours", until)
    if state.recent.get(channel, 0) >= MOST_PER_HOUR[channel]:
        yield "throttled", _awake(asked, wanted, zone, state.oldest[channel] + HOUR)


def _awake(asked: Asked, wanted: Preferences, zone: ZoneInfo, at: int) -> int:
    """A moment that lies in quiet hours is put off to their end."""
    if wanted.quiet_hours.policy[asked.priority] == "pass":
        return at
    return quiet_until(wanted.quiet_hours.windows, zone, at) or at


def digest_time(pace: Frequency, minute: int, zone: ZoneInfo, now: int) -> int:
    """The next time after `now`: the full hour, `minute` of the day, or that of a Monday."""
    if pace == "hourly":
        return (now // HOUR + 1) * HOUR
    day = wall(now, zone).date()
    while instant(day, minute, zone) <= now or (pace == "weekly" and day.weekday() != 0):
        day += timedelta(days=1)
    return instant(day, minute, zone)

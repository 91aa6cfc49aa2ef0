"""What holds for somebody: their choices over the defaults, each with where it comes from. Values in, values out."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from api.clock import Time, milliseconds, rfc3339
from api.db.rows import Record
from api.localtime import WEEKDAYS
from api.notifications.kinds import KINDS, Category, Priority
from api.notifications.preferences.types import (
    CATEGORIES,
    CHANNELS,
    ChannelName,
    Choices,
    Frequency,
    QuietPolicy,
    Setting,
    Source,
)
from api.notifications.quiet_hours import Window

MATRIX: Mapping[Category, Mapping[ChannelName, Setting]] = {
    "booking": {"inApp": "on", "push": "on", "email": "on", "sms": "on"},
    "payment": {"inApp": "on", "push": "on", "email": "on", "sms": "off"},
    "review": {"inApp": "on", "push": "on", "email": "digest", "sms": "off"},
    "system": {"inApp": "on", "push": "on", "email": "digest", "sms": "off"},
    "support": {"inApp": "on", "push": "on", "email": "on", "sms": "off"},
}
POLICY: Mapping[Priority, QuietPolicy] = {"high": "pass", "medium": "defer", "low": "defer"}
# Somebody whose zone we know sleeps at night; in a zone that we only guess we would wake them in the middle of it.
NIGHT = [Window(list(WEEKDAYS), "22:00", "07:00")]
DIGEST_AT = "08:00"


class Switch(Record):
    value: bool
    source: Source


class Cell(Record):
    value: Setting
    source: Source


class Pace(Record):
    value: Frequency
    source: Source


class QuietHours(Record):
    """`timezone` is the one that holds; `policy` for each priority."""

    windows: list[Window]
    timezone: str
    timezone_source: Source
    policy: dict[Priority, QuietPolicy]
    source: Source


class DigestAt(Record):
    value: str
    source: Source


class Preferences(Record):
    """What holds, and why: the `default`, your choice (`user`) or the `platform`; `locked` types reach you always."""

    version: int
    channels: dict[ChannelName, Switch]
    matrix: dict[Category, dict[ChannelName, Cell]]
    frequency: dict[Category, Pace]
    muted_until: Time | None
    quiet_hours: QuietHours
    digest_at: DigestAt
    locked: list[str]


def effective(choices: Choices, version: int, timezone: str | None, offered: frozenset[ChannelName]) -> Preferences:
    """`timezone`: what the platform says; `offered`: the channels that this server has switched on."""
    return Preferences(
        version=version,
        channels={name: _switch(choices, name, offered) for name in CHANNELS},
        matrix={category: {name: _cell(choices, category, name) for name in CHANNELS} for category in CATEGORIES},
        frequency={category: _pace(choices, category) for category in CATEGORIES},
        muted_until=None if choices.muted_until is None else rfc3339(milliseconds(choices.muted_until)),
        quiet_hours=_quiet_hours(choices, timezone),
        digest_at=DigestAt(choices.digest_at or DIGEST_AT, _source(choices.digest_at)),
        locked=sorted(name for name, kind in KINDS.items() if kind.mandatory),
    )


def _source(choice: object) -> Source:
    return "default" if choice is None else "user"


def _switch(choices: Choices, name: ChannelName, offered: frozenset[ChannelName]) -> Switch:
    if name not in offered:
        return Switch(value=False, source="platform")
    chosen = choices.channels.get(name)
    return Switch(chosen is not False, _source(chosen))


def _cell(choices: Choices, category: Category, name: ChannelName) -> Cell:
    chosen = choices.matrix.get(category, {}).get(name)
    return Cell(chosen or MATRIX[category][name], _source(chosen))


def _pace(choices: Choices, category: Category) -> Pace:
    chosen = choices.frequency.get(category)
    return Pace(chosen or "immediate", _source(chosen))


def _quiet_hours(choices: Choices, timezone: str | None) -> QuietHours:
    chosen = choices.quiet_hours
    known = timezone if timezone is not None and is_zone(timezone) else None
    own = None if chosen is None else chosen.timezone
    place = own or known or "UTC"
    source: Source = "user" if own else "platform" if known else "default"
    if chosen is None:
        return QuietHours(NIGHT if known else [], place, source, dict(POLICY), "default")
    windows = [Window(list(draft.days), draft.start, draft.end) for draft in chosen.windows]
    return QuietHours(windows, place, source, {**POLICY, **chosen.policy}, "user")


def is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True

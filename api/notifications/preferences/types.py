"""What somebody wants to hear, how and when."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from api.notifications.kinds import Category, Priority
from api.notifications.quiet_hours import TimeOfDay
from api.platform.types import Instant
from api.requests import Body

ChannelName = Literal["inApp", "push", "email", "sms"]
Setting = Literal["on", "off", "digest"]
Frequency = Literal["immediate", "hourly", "daily", "weekly"]
QuietPolicy = Literal["defer", "drop", "pass"]
Source = Literal["default", "user", "platform", "locked"]

CHANNELS: tuple[ChannelName, ...] = ("inApp", "push", "email", "sms")
CATEGORIES: tuple[Category, ...] = ("booking", "payment", "review", "system", "support")


class WindowDraft(Body):
    """Quiet from `start` on each of `days` until `end`; the next day's where it is not later than `start`."""

    days: Annotated[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Meta(min_length=1, max_length=7)]
    start: TimeOfDay
    end: TimeOfDay


class QuietHoursDraft(Body):
    """`timezone`: an IANA zone; null: the one the platform knows of you, else UTC.

    `policy`: what happens in them to a notification of each priority; `high` passes unless you say otherwise.
    """

    windows: Annotated[list[WindowDraft], Meta(max_length=14)]
    timezone: Annotated[str, Meta(max_length=64)] | None = None
    policy: dict[Priority, QuietPolicy] = {}


class Choices(Body):
    """What is left out is the default. `matrix`: by category and channel. `digestAt`: when daily digests come."""

    channels: dict[ChannelName, bool] = {}
    matrix: dict[Category, dict[ChannelName, Setting]] = {}
    frequency: dict[Category, Frequency] = {}
    muted_until: Instant | None = None
    quiet_hours: QuietHoursDraft | None = None
    digest_at: TimeOfDay | None = None


class ChoicesPatch(Body):
    """Only what is sent changes: single cells of `channels`, `matrix` and `frequency`, and whole other fields."""

    channels: dict[ChannelName, bool | None] = {}
    matrix: dict[Category, dict[ChannelName, Setting | None]] = {}
    frequency: dict[Category, Frequency | None] = {}
    muted_until: Instant | UnsetType | None = UNSET
    quiet_hours: QuietHoursDraft | UnsetType | None = UNSET
    digest_at: TimeOfDay | UnsetType | None = UNSET

"""Choosing what reaches one, and what holds then."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from api.db import Tx
from api.errors import InvalidRequest, PreconditionFailed, PreconditionRequired
from api.etags import IfMatch, tag
from api.notifications.kinds import Category
from api.notifications.preferences import queries
from api.notifications.preferences.effective import MATRIX, Preferences, effective, is_zone
from api.notifications.preferences.queries import Stored
from api.notifications.preferences.types import (
    CATEGORIES,
    ChannelName,
    Choices,
    ChoicesPatch,
    QuietHoursDraft,
    Setting,
)
from api.platform import queries as platform

K = TypeVar("K")
Offered = frozenset[ChannelName]
LAST_YEAR = datetime(2100, 1, 1, tzinfo=UTC)


def preferences(tx: Tx, user_id: str, offered: Offered) -> Preferences:
    """What holds for somebody now."""
    return _effective(tx, user_id, queries.stored(tx, user_id) or Stored(Choices(), 0), offered)


def put(tx: Tx, user_id: str, actor_id: str, choices: Choices, condition: IfMatch, offered: Offered) -> Preferences:
    """Make these somebody's choices; the same again change nothing.

    Raises InvalidRequest, PreconditionRequired, PreconditionFailed.
    """
    _check(choices)
    return _store(tx, user_id, actor_id, choices, _locked(tx, user_id, condition, offered), offered)


def patch(
    tx: Tx, user_id: str, actor_id: str, changes: ChoicesPatch, condition: IfMatch, offered: Offered
) -> Preferences:
    """Change only what is sent; null takes a choice back. Raises as `put`."""
    there = _locked(tx, user_id, condition, offered)
    choices = _patched(there.choices, changes)
    _check(choices)
    return _store(tx, user_id, actor_id, choices, there, offered)


def choose_mail(tx: Tx, user_id: str, wanted: list[str] | None, offered: Offered) -> Preferences:
    """Mail of these categories only, or none at all for None; nothing else changes."""
    there = queries.lock(tx, user_id) or Stored(Choices(), 0)
    held = _effective(tx, user_id, there, offered)
    matrix: dict[Category, dict[ChannelName, Setting | None]] = {}
    for category in CATEGORIES if wanted is not None else ():
        mailed = held.matrix[category]["email"].value != "off"
        if mailed is not (category in (wanted or ())):
            matrix[category] = {"email": "off" if mailed else None if MATRIX[category]["email"] != "off" else "on"}
    choices = _patched(there.choices, ChoicesPatch(channels={"email": None if wanted else False}, matrix=matrix))
    return _store(tx, user_id, user_id, choices, there, offered)


def tag_of(found: Preferences) -> str:
    """Of the choices, and of what else they are shown with."""
    offered = [name for name, switch in found.channels.items() if switch.source != "platform"]
    return tag(found.version, found.quiet_hours.timezone, *offered)


def _locked(tx: Tx, user_id: str, condition: IfMatch, offered: Offered) -> Stored:
    if condition.tags is None:
        raise PreconditionRequired
    there = queries.lock(tx, user_id) or Stored(Choices(), 0)
    condition.check(tag_of(_effective(tx, user_id, there, offered)))
    return there


def _effective(tx: Tx, user_id: str, there: Stored, offered: Offered) -> Preferences:
    return effective(there.choices, there.version, platform.timezone(tx, user_id), offered)


def _store(tx: Tx, user_id: str, actor_id: str, choices: Choices, there: Stored, offered: Offered) -> Preferences:
    if there.version and choices == there.choices:
        return _effective(tx, user_id, there, offered)
    encoded = msgspec.json.encode(choices).decode()
    if there.version:
        queries.update(tx, user_id, encoded, there.version)
    elif not queries.insert(tx, user_id, encoded):
        raise PreconditionFailed
    queries.add_change(tx, user_id, there.version + 1, actor_id, encoded)
    return _effective(tx, user_id, Stored(choices, there.version + 1), offered)


def _patched(choices: Choices, changes: ChoicesPatch) -> Choices:
    matrix = {
        category: _overlaid(choices.matrix.get(category, {}), changes.matrix.get(category, {}))
        for category in {**choices.matrix, **changes.matrix}
    }
    whole: dict[str, Any] = {
        name: value
        for name in ("muted_until", "quiet_hours", "digest_at")
        if (value := getattr(changes, name)) is not UNSET
    }
    return msgspec.structs.replace(
        choices,
        channels=_overlaid(choices.channels, changes.channels),
        matrix={category: row for category, row in matrix.items() if row},
        frequency=_overlaid(choices.frequency, changes.frequency),
        **whole,
    )


def _overlaid(there: Mapping[K, Any], changes: Mapping[K, Any]) -> dict[K, Any]:
    return {name: value for name, value in {**there, **changes}.items() if value is not None}


def _check(choices: Choices) -> None:
    for category, row in choices.matrix.items():
        if row.get("inApp") == "digest":
            raise InvalidRequest.at(f"/matrix/{category}/inApp", "invalid", "is on or off: a list needs no digest")
    if choices.muted_until is not None and choices.muted_until > LAST_YEAR:
        raise InvalidRequest.at("/mutedUntil", "out_of_range", "must be before the year 2100")
    if choices.quiet_hours is not None:
        _check_quiet_hours(choices.quiet_hours)


def _check_quiet_hours(draft: QuietHoursDraft) -> None:
    if draft.timezone is not None and not is_zone(draft.timezone):
        raise InvalidRequest.at("/quietHours/timezone", "invalid", "is no IANA time zone, such as Europe/Berlin")
    for i, window in enumerate(draft.windows):
        if len(set(window.days)) < len(window.days):
            raise InvalidRequest.at(f"/quietHours/windows/{i}/days", "invalid", "names a day twice")

"""What people are told of: one row for each kind."""

from collections.abc import Mapping
from typing import Literal

import msgspec

Category = Literal["booking", "payment", "review", "system", "support"]
Priority = Literal["high", "medium", "low"]


class Kind(msgspec.Struct, frozen=True):
    """`takes`: the values that its texts are made of. `mandatory`: no preference switches it off.

    `worded`: its title and body were written by whoever sent it, so no template is needed.
    """

    category: Category
    priority: Priority
    takes: frozenset[str]
    mandatory: bool = False
    worded: bool = False


def _kind(category: Category, priority: Priority, takes: str, **more: bool) -> Kind:
    return Kind(category, priority, frozenset(takes.split()), **more)


KINDS: Mapping[str, Kind] = {
    "message.waiting": _kind("booking", "medium", "service sender count"),
    "booking.created": _kind("booking", "high", "service when"),
    "booking.status_changed": _kind("booking", "high", "service status when"),
    "payment.received": _kind("payment", "medium", "amount"),
    "withdrawal.status_changed": _kind("payment", "high", "amount status", mandatory=True),
    "review.created": _kind("review", "low", "rating"),
    "rating.updated": _kind("review", "low", "rating"),
    "feedback.asked": _kind("review", "medium", "service"),
    "feedback.given": _kind("review", "low", "service rating"),
    "device.test": _kind("system", "high", ""),
    "system.announcement": _kind("system", "medium", "title body", worded=True),
}

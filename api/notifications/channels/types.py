"""What goes out, and what a way out is."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from api.db import Tx
from api.notifications.kinds import Priority


class Letter(msgspec.Struct, frozen=True):
    """`key`: the same for each try, so that a provider that knows it shows it once. `collapse`: what it replaces there.

    `addresses` are what the channel itself named as this person's. `action` and `preferences` are whole addresses.
    """

    key: str
    user_id: str
    addresses: Sequence[str]
    title: str
    body: str
    html: str
    collapse: str
    priority: Priority
    action: str | None
    preferences: str


class Sent(msgspec.Struct, frozen=True):
    """`provider_id`: by which its later callbacks name it."""

    provider_id: str | None = None


class Refused(Exception):
    """It will not be taken, however often it is sent; the text says why in words for the person it was meant for."""


class Unclear(Exception):
    """It may have gone out or not, and the provider cannot tell one try from two: it is not tried again."""


class Channel(Protocol):
    """`repeatable`: the provider knows a letter by its key, so that sending it again is harmless."""

    repeatable: bool

    def addresses(self, tx: Tx, user_id: str) -> list[str]:
        """Where somebody can be reached; none where they cannot."""

    def within_caps(self, tx: Tx, user_id: str, address: str) -> bool:
        """Count one more try to reach somebody there, unless there were too many."""

    async def send(self, letter: Letter) -> Sent:
        """Raises Refused, Unclear, or anything else to be asked again later."""

    async def close(self) -> None:
        """Let go of whatever is held between letters."""

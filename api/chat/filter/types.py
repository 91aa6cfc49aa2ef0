"""What a text is found to hold, and what is done with it."""

from typing import Literal, get_args

import msgspec

from api.clock import Time
from api.db.rows import Record
from api.paging import Page

# From the mildest to the gravest: the gravest of all findings is what happens.
Outcome = Literal["allow", "flag", "warn", "mask", "hold", "reject"]
Kind = Literal["word", "link", "phone", "email", "messenger", "lure"]
# Those that lead away from the platform: they count until the booking is confirmed.
Guarded = Literal["phone", "email", "messenger", "lure"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

Span = tuple[int, int]


class Finding(msgspec.Struct, frozen=True, rename="camel"):
    """`start` and `end` count characters of the text as it was written, the end not included."""

    kind: Kind
    outcome: Outcome
    start: int
    end: int


class Verdict(msgspec.Struct, frozen=True):
    """`text` is what others may see; `findings` in the order of the text."""

    outcome: Outcome
    text: str
    findings: tuple[Finding, ...] = ()


State = Literal["passed", "held", "released", "rejected", "withdrawn"]


class Filtered(Record):
    """A text that the filter did not simply let pass, as it was written; `shown` is what others see of it.

    `held` waits for an agent; `withdrawn` was edited or deleted by its sender while it did. `version` is the message's.
    """

    id: str
    message_id: str
    booking_id: str
    version: int
    sender_id: str
    outcome: Outcome
    state: State
    text: str
    shown: str
    findings: list[Finding]
    created_at: Time
    decided_by: str | None
    decided_at: Time | None


class FilteredPage(Record):
    items: list[Filtered]
    page: Page

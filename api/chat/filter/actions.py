"""What is found in a message is judged before it is stored, kept for reviewers, and told to its sender."""

import msgspec

from api import ids
from api.auth import Actor
from api.chat.filter import queries
from api.chat.filter.judge import judge
from api.chat.filter.rules import rules_of
from api.chat.filter.types import Finding, State, Verdict
from api.db import Tx
from api.errors import FieldError, TextRejected
from api.settings import Settings

FILTERED_ROLES = ("provider", "customer")
# `flag` is for reviewers alone.
TOLD = ("warn", "mask", "hold")


def judged(tx: Tx, actor: Actor, booking_id: str, text: str, settings: Settings) -> Verdict:
    """The desk says what it likes."""
    if actor.role not in FILTERED_ROLES:
        return Verdict("allow", text)
    rules = rules_of(settings)
    verdict = judge(text, rules, confirmed=False)
    # Most texts hold nothing: only for the others is the booking looked at.
    if verdict.outcome == "allow" or not queries.is_confirmed(tx, booking_id):
        return verdict
    return judge(text, rules, confirmed=True)


def rejection(verdict: Verdict) -> TextRejected:
    places = [finding for finding in verdict.findings if finding.outcome == "reject"]
    return TextRejected(
        errors=[
            FieldError("/text", place.kind, f"is not allowed from character {place.start} to {place.end}")
            for place in places
        ]
    )


def keep(tx: Tx, message_id: str, text: str, verdict: Verdict) -> None:
    """The text as it was written, and what was found in it."""
    state: State = "held" if verdict.outcome == "hold" else "passed"
    queries.insert_filtered(tx, ids.new("flt", tx.now), message_id, text, verdict, state)


def warnings(verdict: Verdict) -> list[Finding] | msgspec.UnsetType:
    return [finding for finding in verdict.findings if finding.outcome in TOLD] or msgspec.UNSET


def warnings_of(tx: Tx, message_id: str, version: int) -> list[Finding] | msgspec.UnsetType:
    """What the sender was told when this text was sent."""
    kept = queries.findings(tx, message_id, version)
    if kept is None:
        return msgspec.UNSET
    found = msgspec.json.decode(kept, type=list[Finding])
    return [finding for finding in found if finding.outcome in TOLD] or msgspec.UNSET

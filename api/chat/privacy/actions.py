"""Switches that a user sets for all rooms at once."""

from api.auth import Actor
from api.chat.presence.actions import tell_presence
from api.chat.privacy import queries
from api.chat.privacy.types import Privacy, PrivacyDraft
from api.db import Tx
from api.errors import PreconditionFailed
from api.etags import IfMatch, tag


def put(tx: Tx, actor: Actor, draft: PrivacyDraft, condition: IfMatch) -> Privacy:
    """Set all switches; whoever sees the actor's presence hears when that changes. Raises PreconditionFailed."""
    there = queries.privacy_of(tx, actor.id)
    condition.check(tag(there.version))
    if (draft.receipts, draft.typing, draft.presence) == (there.receipts, there.typing, there.presence):
        return there
    changed = queries.put(tx, actor.id, draft, there.version)
    if changed is None:
        raise PreconditionFailed
    if changed.presence is not there.presence:
        tell_presence(tx, actor.id)
    return changed

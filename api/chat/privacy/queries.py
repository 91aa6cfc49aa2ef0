"""One function, one statement."""

from api.chat.privacy.types import OPEN, Privacy, PrivacyDraft
from api.db import Tx


def privacy_of(tx: Tx, user_id: str) -> Privacy:
    found = tx.one(Privacy, "select receipts, typing, presence, version from privacy where user_id = $1", user_id)
    return found or OPEN


def put(tx: Tx, user_id: str, draft: PrivacyDraft, version: int) -> Privacy | None:
    """None when `version` is no longer what is there; 0 stands for nothing."""
    return tx.one(
        Privacy,
        "insert into privacy (user_id, receipts, typing, presence, version) values ($1, $2, $3, $4, $5 + 1) "
        "on conflict (user_id) do update set receipts = excluded.receipts, typing = excluded.typing, "
        "presence = excluded.presence, version = excluded.version where privacy.version = excluded.version - 1 "
        "returning receipts, typing, presence, version",
        user_id,
        draft.receipts,
        draft.typing,
        draft.presence,
        version,
    )

"""One function, one statement."""

from api.chat.privacy.types import Privacy, PrivacyDraft
from api.db import Tx


def privacy(tx: Tx, user_id: str) -> Privacy | None:
    """None for whoever never changed anything."""
    return tx.one(Privacy, "select receipts, typing, presence, version from privacy where user_id = $1", user_id)


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

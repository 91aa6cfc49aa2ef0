"""Who wants nothing of a category in the app."""

from collections.abc import Sequence

from api.db import Tx
from api.notifications.kinds import Category
from api.notifications.preferences import queries


def who_hides(tx: Tx, user_ids: Sequence[str], category: Category) -> set[str]:
    """Most people chose nothing, so this reads few rows."""
    return {
        chosen.user_id
        for chosen in queries.of_people(tx, user_ids)
        if chosen.choices.channels.get("inApp") is False
        or chosen.choices.matrix.get(category, {}).get("inApp") == "off"
    }

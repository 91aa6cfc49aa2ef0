from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from api.boundary import Boundary
from api.notifications import actions
from api.notifications.types import Notice

Tell = Callable[..., Awaitable[None]]


@pytest.fixture
def tell(app: Boundary) -> Tell:
    """Tells somebody of a payment, in the running server; `key` makes it another one."""

    async def notify(*user_ids: str, key: str = "1", **fields: Any) -> None:
        given = {"kind": "payment.received", "values": {"amount": "80.00 EUR"}, "cause": f"payment:{key}"}
        notice = Notice(**{**given, "dedupe_key": key, **fields})
        await app._app.state.db.write(actions.notify, user_ids, notice)

    return notify

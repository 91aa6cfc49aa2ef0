from collections.abc import Callable
from typing import Any

from api.db import Database
from tests.conftest import Cast

Open = Callable[..., Any]


async def test_everybody_hears_that_writing_stopped_and_works_again(cast: Cast, device: Open, app: Any) -> None:
    pat = await device("pat")
    db: Database = app._app.state.db
    db.gate.shut("the disk is full")
    assert await pat.event() == {"type": "mode", "readOnly": True}
    late = await device("carol")
    assert late.welcome["readOnly"] is True
    send = {"bookingId": "1", "message": {"text": "Hi", "clientMessageId": "c-1"}}
    assert (await pat.ask("message.send", **send))["problem"]["code"] == "read_only"
    assert await pat.event() == {"type": "mode", "readOnly": False}
    assert (await pat.ask("message.send", **send))["type"] == "ack"

"""The gate before a disk that takes no writes."""

import asyncio

import pytest

from api.db import database
from api.db.database import WriteGate


async def test_a_probe_that_fails_in_an_unknown_way_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PROBE_SECONDS", 0.01)
    errors, told = [ValueError(), OSError()], list[bool]()

    async def probe() -> None:
        if errors:
            raise errors.pop()

    gate = WriteGate(probe)
    gate.tell_mode = told.append
    gate.shut("the disk is full")
    async with asyncio.timeout(30):
        while gate.reason:
            await asyncio.sleep(0.01)
    assert (errors, told) == ([], [True, False])

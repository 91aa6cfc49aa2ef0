import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from api.live import outgoing
from tests.conftest import Cast, say

OWLS = "\N{OWL}" * 1000
MISSED = 1000


async def test_a_long_resume_waits_for_a_client_that_takes_its_time(
    cast: Cast, device: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "MOST_FRAMES", 8)
    carol = await device("carol")
    await carol.connection.close()
    for _ in range(0, MISSED, 100):
        await asyncio.gather(*(say(cast.pat, OWLS) for _ in range(100)))
    place = {"epoch": carol.welcome["epoch"], "positions": carol.welcome["positions"]}
    back = await device("carol", resume=place)
    live = await say(cast.pat, "live")
    heard = [(await back.event())["data"]["seq"] for _ in range(MISSED + 1)]
    assert heard == list(range(1, MISSED + 2))
    assert live["seq"] == heard[-1]

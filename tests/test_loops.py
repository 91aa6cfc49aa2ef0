import asyncio

import pytest

from api import loops
from api.loops import forever


async def test_a_loop_logs_an_error_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loops, "AGAIN_SECONDS", 0.0)
    done, went_on = list[int](), asyncio.Event()

    async def step() -> None:
        done.append(len(done))
        if len(done) < 3:
            raise ValueError
        went_on.set()

    task = asyncio.create_task(forever(step))
    await asyncio.wait_for(went_on.wait(), 5)
    task.cancel()
    assert caplog.text.count("a loop goes on after an error") == 2

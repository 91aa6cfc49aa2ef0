from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.app import PREFIX, create_app
from api.settings import Settings
from tests.conftest import SetClock, serving

ARTICLE = """---
id: late-withdrawal
title: A withdrawal is late
summary: Look at the last state you were told and give the reference.
category: payments-earnings
tags: [withdrawals]
audience: [provider]
keywords: [payout]
context: {screen: [earnings]}
owner: payments
reviewBy: 2027-05-01
---
Look at the last notification.
"""


@pytest.fixture
def article() -> str:
    return ARTICLE


@pytest.fixture
def engine() -> str:
    # The help centre reads no database.
    return "sqlite"


@pytest.fixture
async def anon(settings: Settings, clock: SetClock, site_dir: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a token, at a server with the real help centre."""
    async with (
        serving(create_app(settings, clock)) as address,
        httpx.AsyncClient(base_url=f"{address}{PREFIX}/help", timeout=30) as client,
    ):
        yield client

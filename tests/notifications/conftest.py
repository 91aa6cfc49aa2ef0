import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from api.app import create_app
from api.auth import make_token
from api.boundary import Boundary
from api.db import Tx
from api.notifications import actions
from api.notifications.channels.types import Letter, Sent
from api.notifications.preferences.types import ChannelName
from api.notifications.types import Notice
from api.settings import Settings
from tests.conftest import ROLES, SetClock

Tell = Callable[..., Awaitable[None]]


class Recorder:
    """A way out of the app that keeps what it is given, and fails while it is told to."""

    def __init__(self, clock: SetClock, *, repeatable: bool = True) -> None:
        self.repeatable = repeatable
        self.letters: list[Letter] = []
        self.times: list[int] = []
        self.error: Exception | None = None
        self._clock = clock

    def addresses(self, tx: Tx, user_id: str) -> list[str]:
        return [user_id]

    async def close(self) -> None: ...

    def within_caps(self, tx: Tx, user_id: str, address: str) -> bool:
        return True

    async def send(self, letter: Letter) -> Sent:
        self.letters.append(letter)
        self.times.append(self._clock.now)
        if self.error is not None:
            raise self.error
        return Sent(f"provider-{letter.key}")


@pytest.fixture
def channels(clock: SetClock) -> dict[ChannelName, Recorder]:
    return {"push": Recorder(clock), "email": Recorder(clock), "sms": Recorder(clock, repeatable=False)}


@pytest.fixture
def app(settings: Settings, clock: SetClock, channels: dict[ChannelName, Recorder]) -> Boundary:
    return create_app(settings, clock, lambda *_: channels)


@pytest.fixture
def tell(app: Boundary) -> Tell:
    """Tells somebody of a payment, in the running server; `key` makes it another one."""

    async def notify(*user_ids: str, key: str = "1", **fields: Any) -> None:
        given = {"kind": "payment.received", "values": {"amount": "80.00 EUR"}, "cause": f"payment:{key}"}
        notice = Notice(**{**given, "dedupe_key": key, **fields})
        await app._app.state.db.write(actions.notify, user_ids, notice)

    return notify


async def until(found: Callable[[], Awaitable[Any]], expected: Any) -> Any:
    """Ask until the answer is the expected one, for as long as a busy machine may need."""
    async with asyncio.timeout(90):
        while (answer := await found()) != expected:
            await asyncio.sleep(0.02)
    return answer


async def standing(who: Any, *, newest: int = 0) -> dict[str, tuple[str, str]]:
    """Status and rule of the newest notification, by channel."""
    items = (await who.get("/notifications", params={"limit": 100})).json()["items"]
    if len(items) <= newest:
        return {}
    steps = (await who.get(f"/notifications/{items[newest]['id']}/trace")).json()["steps"]
    return {step["channel"]: (step["status"], step["rule"]) for step in steps}


@pytest.fixture
def token(settings: Settings, clock: SetClock) -> Callable[..., str]:
    """Good for a month: these tests move the clock by days."""

    def make(user_id: str) -> str:
        month = 30 * 24 * 3600
        return make_token(settings, ROLES[user_id], user_id, name=user_id.title(), ttl=month, now=clock.now // 1000)

    return make


async def lives(scope: Any, receive: Any, send: Any) -> bool:
    """An app that needs nothing at its start and its end; whether that is what was asked."""
    if scope["type"] != "lifespan":
        return False
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return True

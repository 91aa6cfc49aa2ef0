"""Text messages to a provider that answers on this machine."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from api.app import create_app
from api.boundary import Boundary
from api.db import Database, Tx
from api.notifications.channels.sms.http import Sms
from api.notifications.channels.types import Letter, Refused, Unclear
from api.settings import Settings
from tests.conftest import Cast, SetClock, serving
from tests.notifications.conftest import Tell, lives, standing, until

LETTER = Letter(
    key="due_1",
    user_id="pat",
    addresses=["+491701234567"],
    title="New booking: Tap",
    body="Open it.",
    html="",
    collapse="ntf_1",
    priority="high",
    action="https://help.example.com/bookings/1",
    preferences="",
)


class Provider:
    """Takes text messages; answers the next of `statuses`, and 0 by hanging up."""

    def __init__(self) -> None:
        self.address = ""
        self.taken: list[dict[str, Any]] = []
        self.statuses: list[int] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if await lives(scope, receive, send):
            return
        body = (await receive())["body"]
        self.taken.append(msgspec.json.decode(body))
        assert (b"authorization", b"Bearer secret") in scope["headers"]
        status = self.statuses.pop(0) if self.statuses else 202
        if status == 0:
            raise ConnectionError
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b'{"id": "sms-1"}'})


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    found = Provider()
    async with serving(found) as address:
        found.address = address
        yield found


@pytest.fixture
def app(settings: Settings, clock: SetClock, provider: Provider) -> Boundary:
    way = Sms(provider.address, "secret", repeatable=False)
    return create_app(settings, clock, lambda *_: {"sms": way})


async def test_only_what_is_urgent_and_still_unread_becomes_a_text_message(
    cast: Cast, tell: Tell, provider: Provider, clock: SetClock
) -> None:
    pat = {"role": "provider", "name": "Pat", "phone": "+491701234567"}
    await cast.plat.put("/platform/users/pat", json=pat)
    values = {"service": "Tap", "when": None}
    await tell("pat", kind="booking.created", values=values, cause="booking:1", action="/bookings/1")

    async def sms() -> Any:
        return (await standing(cast.pat)).get("sms")

    await until(sms, ("queued", "after_the_ways_before"))
    clock.advance(900)
    await until(sms, ("sent", "after_the_ways_before"))
    assert provider.taken[0]["to"] == "+491701234567"
    assert provider.taken[0]["text"].startswith("New booking: Tap http")


@pytest.mark.parametrize(
    ("status", "repeatable", "error"),
    [
        (400, False, Refused),
        (404, True, Refused),
        (429, False, ConnectionError),
        (500, False, Unclear),
        (503, True, ConnectionError),
        (302, False, None),
    ],
)
async def test_what_a_provider_answers_decides_on_another_try(
    provider: Provider,
    status: int,
    repeatable: bool,
    error: type[Exception] | None,
) -> None:
    provider.statuses = [status]
    way = Sms(provider.address, "secret", repeatable=repeatable)
    if error is None:
        await way.send(LETTER)
    else:
        with pytest.raises(error):
            await way.send(LETTER)
    assert len(provider.taken) == 1


async def test_a_provider_that_hangs_up_may_have_sent_it(provider: Provider) -> None:
    provider.statuses = [500]
    with pytest.raises(Unclear):
        await Sms(provider.address, "secret", repeatable=False).send(LETTER)


async def test_a_provider_that_is_not_there_is_asked_again() -> None:
    with pytest.raises(Exception, match="connect") as raised:
        await Sms("http://127.0.0.1:1", "secret", repeatable=False).send(LETTER)
    assert not isinstance(raised.value, Unclear | Refused)


def tries(tx: Tx, way: Sms, user_id: str, numbers: list[str]) -> int:
    return sum(way.within_caps(tx, user_id, number) for number in numbers)


async def test_caps_hold_per_user_number_and_country(db: Database, clock: SetClock) -> None:
    way = Sms("http://127.0.0.1:1", "secret", repeatable=False)
    many = [f"+4917012345{number:02}" for number in range(30)]
    assert await db.write(tries, way, "pat", ["+491701234567"] * 8) == 5
    assert await db.write(tries, way, "pat", many) == 15
    clock.advance(3601)
    assert await db.write(tries, way, "otto", ["+491701234567"]) == 1
    premium = [f"+37120{number:06}" for number in range(300)]
    for number in range(20):
        await db.write(tries, way, f"user-{number}", premium[number * 15 : number * 15 + 15])
    assert await db.write(tries, way, "olga", ["+37129999999", "+491709999999"]) == 1
    clock.advance(24 * 3600)
    assert await db.write(tries, way, "olga", ["+37129999999"]) == 1


@pytest.mark.parametrize(
    "phone", ["0170 1234567", "491701234567", "+0123456789", "+49", "+49170123456789012", "call me"]
)
async def test_a_number_that_is_not_international_is_none(cast: Cast, app: Boundary, phone: str) -> None:
    await cast.plat.put("/platform/users/pat", json={"role": "provider", "name": "Pat", "phone": phone})
    way = Sms("http://127.0.0.1:1", "secret", repeatable=False)
    assert await app._app.state.db.read(way.addresses, "pat") == []

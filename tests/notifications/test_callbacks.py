import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from api.app import PREFIX, create_app
from api.boundary import Boundary
from api.notifications.callbacks.signature import signed
from api.settings import Settings
from tests.boundary.test_problems import check_problem
from tests.conftest import Cast, SetClock, serving
from tests.notifications.conftest import Recorder, Tell, standing, until

SECRET = "a-heron-waits-in-the-shallows-for-the-tide"
DELIVERED = {"providerId": "1", "status": "delivered"}
PATH = "/notifications/callbacks/push"


@pytest.fixture
def app(settings: Settings, clock: SetClock, channels: dict[Any, Recorder]) -> Boundary:
    return create_app(msgspec.structs.replace(settings, callback_secret=SECRET), clock, lambda *_: channels)


async def sent(cast: Cast, tell: Tell, channels: dict[Any, Recorder]) -> str:
    """What the provider calls a letter that it has taken."""
    await tell("pat")

    async def push() -> Any:
        return (await standing(cast.pat)).get("push")

    await until(push, ("sent", "now"))
    return f"provider-{channels['push'].letters[0].key}"


def report(cast: Cast, clock: SetClock, body: bytes, **changes: str) -> Any:
    at = str(clock.now // 1000)
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": at,
        "webhook-signature": signed(SECRET, "msg-1", at, body),
        "content-type": "application/json",
    }
    given = {**headers, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return cast.anon.post(PATH, content=body, headers=given)


def content(provider_id: str, status: str = "delivered") -> bytes:
    return msgspec.json.encode({"providerId": provider_id, "status": status})


async def test_a_signed_report_moves_what_was_sent_and_counts_once(
    cast: Cast, tell: Tell, channels: dict[Any, Recorder], clock: SetClock
) -> None:
    body = content(await sent(cast, tell, channels))
    for _ in range(2):
        assert (await report(cast, clock, body)).status_code == 204
    assert (await standing(cast.pat))["push"] == ("delivered", "now")
    pushed = (await cast.pat.get("/notifications/stats")).json()["byChannel"]["push"]
    assert pushed == {"sent": 0, "delivered": 1}


Change = Callable[[SetClock, bytes], dict[str, str]]
CHANGES: dict[str, Change] = {
    "unsigned": lambda clock, body: {"webhook_signature": ""},
    "another key": lambda clock, body: {"webhook_signature": signed("x" * 40, "msg-1", str(clock.now // 1000), body)},
    "cut": lambda clock, body: {"webhook_signature": signed(SECRET, "msg-1", str(clock.now // 1000), body)[:-2]},
    "longer": lambda clock, body: {"webhook_signature": signed(SECRET, "msg-1", str(clock.now // 1000), body) + "A"},
    "another id": lambda clock, body: {"webhook_id": "msg-2"},
    "another body": lambda clock, body: {"webhook_signature": signed(SECRET, "msg-1", str(clock.now // 1000), b"{}")},
    "old": lambda clock, body: {
        "webhook_timestamp": (old := str(clock.now // 1000 - 301)),
        "webhook_signature": signed(SECRET, "msg-1", old, body),
    },
    "no time": lambda clock, body: {"webhook_timestamp": "now"},
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_report_that_is_not_the_providers_is_refused(
    cast: Cast, tell: Tell, channels: dict[Any, Recorder], clock: SetClock, change: str
) -> None:
    body = content(await sent(cast, tell, channels))
    check_problem(await report(cast, clock, body, **CHANGES[change](clock, body)), 401, "invalid_signature")
    assert (await standing(cast.pat))["push"] == ("sent", "now")


async def test_a_report_of_an_unknown_letter_keeps_nothing(cast: Cast, clock: SetClock) -> None:
    assert (await report(cast, clock, content("never"))).status_code == 204


async def test_without_a_secret_nobody_is_heard(settings: Settings, clock: SetClock) -> None:
    async with serving(create_app(settings, clock, lambda *_: {})) as address:
        answer = await asyncio.to_thread(httpx.post, f"{address}{PREFIX}{PATH}", json=DELIVERED)
    check_problem(answer, 404, "not_found")

from typing import Any

import httpx
import msgspec
import pytest

from api.settings import Settings
from tests.conftest import Cast, SetClock, say

# Tokens of the cast are good for as long.
HOURS = 1


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, room_close_hours=HOURS)


async def put(cast: Cast, status: str, **changes: str) -> None:
    draft = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": status}
    assert (await cast.plat.put("/platform/bookings/1", json=draft | changes)).is_success


async def write(who: httpx.AsyncClient, **fields: str) -> httpx.Response:
    return await who.post("/chat/booking/1/message", json={"text": "Hello", **fields})


async def conversation(who: httpx.AsyncClient) -> Any:
    return (await who.get("/chat/conversations")).json()["items"][0]


@pytest.mark.parametrize("ended", ["completed", "cancelled"])
async def test_writing_ends_some_time_after_the_booking(cast: Cast, clock: SetClock, ended: str) -> None:
    await put(cast, ended)
    clock.advance(HOURS * 3600 - 0.001)
    assert (await write(cast.pat)).status_code == 201
    clock.advance(0.001)
    late = await write(cast.carol)
    assert (late.status_code, late.json()["code"]) == (409, "room_closed")


async def test_nobody_types_where_nobody_writes_any_more(cast: Cast, clock: SetClock) -> None:
    await put(cast, "completed")
    typing = [await cast.pat.post("/chat/booking/1/typing", json={"typing": True})]
    clock.advance(HOURS * 3600)
    typing.append(await cast.pat.post("/chat/booking/1/typing", json={"typing": True}))
    assert [answer.status_code for answer in typing] == [204, 409]


async def test_a_closed_room_is_read_on(cast: Cast, clock: SetClock) -> None:
    sent = await say(cast.pat)
    await put(cast, "completed")
    clock.advance(HOURS * 3600)
    assert (await cast.carol.get("/chat/booking/1/history")).json()["items"][0]["id"] == sent["id"]
    assert (await cast.carol.post("/chat/messages/read", json={"bookingId": "1", "seq": 1})).json() == {"unread": 0}


async def test_a_dispute_opens_the_room_again(cast: Cast, clock: SetClock) -> None:
    await put(cast, "completed")
    clock.advance(HOURS * 3600)
    await put(cast, "disputed")
    assert (await write(cast.carol)).status_code == 201
    assert (await conversation(cast.carol))["writableUntil"] is None


async def test_the_conversation_says_until_when(cast: Cast, clock: SetClock) -> None:
    assert (await conversation(cast.pat))["writable"] is True
    await put(cast, "completed")
    until = (await conversation(cast.pat))["writableUntil"]
    assert until == "2026-11-22T09:30:00.000Z"
    clock.advance(HOURS * 3600)
    now = await conversation(cast.pat)
    assert (now["writable"], now["writableUntil"]) == (False, until)


async def test_another_change_of_an_ended_booking_puts_nothing_off(cast: Cast, clock: SetClock) -> None:
    await put(cast, "completed")
    clock.advance(600)
    await put(cast, "completed", service="Two taps")
    assert (await conversation(cast.pat))["writableUntil"] == "2026-11-22T09:30:00.000Z"


async def test_what_was_sent_in_time_is_answered_again_in_a_closed_room(cast: Cast, clock: SetClock) -> None:
    first = await write(cast.pat, clientMessageId="a-1")
    await put(cast, "completed")
    clock.advance(HOURS * 3600)
    assert (await write(cast.pat, clientMessageId="a-1")).json() == first.json()
    assert (await write(cast.pat, clientMessageId="a-2")).status_code == 409


async def test_a_stranger_is_not_told_that_a_room_is_closed(cast: Cast, clock: SetClock) -> None:
    await put(cast, "completed")
    clock.advance(HOURS * 3600)
    assert (await write(cast.otto)).status_code == 404


async def test_in_a_closed_room_nothing_is_changed(cast: Cast, clock: SetClock) -> None:
    await put(cast, "cancelled")
    clock.advance(HOURS * 3600 - 60)
    sent = await say(cast.pat)
    clock.advance(60)
    for answer in (
        await cast.pat.patch(f"/chat/messages/{sent['id']}", json={"text": "Better"}),
        await cast.pat.delete(f"/chat/messages/{sent['id']}"),
    ):
        assert answer.json()["code"] == "room_closed"

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.chat.members.actions import MOST_MEMBERS
from tests.conftest import Cast, say


async def add(who: httpx.AsyncClient, user: str, booking: str = "1") -> httpx.Response:
    return await who.post(f"/chat/booking/{booking}/members", json={"userId": user})


async def remove(who: httpx.AsyncClient, user: str) -> httpx.Response:
    return await who.delete("/chat/booking/1/members", params={"userId": user})


async def put(cast: Cast, provider: str = "pat", status: str = "confirmed") -> None:
    draft = {"providerId": provider, "customerId": "carol", "service": "Tap", "status": status}
    await cast.plat.put("/platform/bookings/1", json=draft)


async def texts(who: httpx.AsyncClient) -> list[str]:
    return [item["text"] for item in (await who.get("/chat/booking/1/history")).json()["items"]]


async def members(who: httpx.AsyncClient) -> list[str]:
    [item] = [item for item in (await who.get("/chat/conversations")).json()["items"] if item["bookingId"] == "1"]
    return [member["id"] for member in item["members"]]


async def test_a_helper_sees_the_room_from_its_start_and_writes(cast: Cast) -> None:
    await say(cast.carol, "Before")
    answer = await add(cast.pat, "otto")
    assert (answer.status_code, answer.json()) == (201, {"id": "otto", "role": "provider", "name": "Otto"})
    assert (await say(cast.otto, "Hello", booking="1"))["seq"] == 3
    assert await texts(cast.otto) == ["Before", "Otto joined the chat.", "Hello"]


async def test_everybody_sees_who_is_there(cast: Cast, device: Callable[..., Any]) -> None:
    carol = await device("carol")
    await add(cast.pat, "otto")
    updated, joined = await carol.event(), await carol.event()
    assert [member["id"] for member in updated["data"]["members"]] == ["pat", "carol", "otto"]
    assert (joined["data"]["type"], joined["data"]["text"]) == ("system", "Otto joined the chat.")
    assert await members(cast.carol) == await members(cast.otto) == ["pat", "carol", "otto"]


async def test_who_is_there_already_is_not_added_again(cast: Cast) -> None:
    await add(cast.pat, "otto")
    for user in ("otto", "pat"):
        assert (await add(cast.pat, user)).status_code == 201
    assert await texts(cast.carol) == ["Otto joined the chat."]


async def test_who_cannot_be_added_looks_like_nobody(cast: Cast) -> None:
    await cast.plat.put("/platform/users/gone", json={"role": "provider", "name": "Gone", "disabled": True})
    answers = [await add(cast.pat, user) for user in ("olga", "agnes", "plat", "gone", "nobody")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content.replace(answer.headers["x-request-id"].encode(), b"") for answer in answers}) == 1
    assert await members(cast.carol) == ["pat", "carol"]


async def test_only_the_provider_of_the_booking_adds_somebody(cast: Cast) -> None:
    await cast.plat.put("/platform/users/henry", json={"role": "provider", "name": "Henry"})
    await add(cast.pat, "otto")
    for who, status in ((cast.carol, 403), (cast.otto, 403), (cast.olga, 404), (cast.agnes, 404)):
        assert (await add(who, "henry")).status_code == status
    assert await members(cast.carol) == ["pat", "carol", "otto"]


async def test_an_agent_joins_a_dispute_and_nothing_else(cast: Cast) -> None:
    assert (await add(cast.agnes, "agnes")).status_code == 404
    await put(cast, status="disputed")
    assert (await add(cast.agnes, "agnes")).status_code == 201
    assert (await add(cast.agnes, "otto")).status_code == 403
    assert (await say(cast.agnes, "How can I help?"))["sender"]["role"] == "agent"
    await put(cast, status="completed")
    assert (await remove(cast.agnes, "agnes")).status_code == 204


async def test_who_is_removed_hears_nothing_more_and_keeps_what_was_written(
    cast: Cast, device: Callable[..., Any]
) -> None:
    await add(cast.pat, "otto")
    await say(cast.carol, "Before")
    otto = await device("otto")
    assert (await remove(cast.pat, "otto")).status_code == 204
    await say(cast.carol, "After")
    await say(cast.olga, "Elsewhere", booking="2")
    heard = [await otto.event(), await otto.event()]
    assert [event["type"] for event in heard] == ["conversation.updated", "message.created"]
    assert (heard[0]["data"]["writable"], heard[1]["data"]["text"]) == (False, "Elsewhere")
    assert await texts(cast.otto) == ["Otto joined the chat.", "Before"]
    assert (await texts(cast.carol))[-2:] == ["Otto left the chat.", "After"]
    assert (await cast.otto.post("/chat/booking/1/message", json={"text": "Hi"})).status_code == 404


async def test_a_helper_leaves_and_comes_back(cast: Cast) -> None:
    await add(cast.pat, "otto")
    assert (await remove(cast.otto, "otto")).status_code == 204
    assert (await remove(cast.otto, "otto")).status_code == 404
    await say(cast.carol, "Missed")
    await add(cast.pat, "otto")
    assert "Missed" in await texts(cast.otto)


@pytest.mark.parametrize("who", ["carol", "otto", "agnes", "olga"])
async def test_nobody_else_removes_a_helper(cast: Cast, who: str) -> None:
    await cast.plat.put("/platform/users/henry", json={"role": "provider", "name": "Henry"})
    for user in ("otto", "henry"):
        await add(cast.pat, user)
    assert (await remove(getattr(cast, who), "henry")).status_code == (404 if who in ("agnes", "olga") else 403)
    assert "henry" in await members(cast.pat)


async def test_the_people_of_the_booking_stay(cast: Cast) -> None:
    for who, user in ((cast.pat, "pat"), (cast.pat, "carol"), (cast.plat, "carol")):
        assert (await remove(who, user)).status_code == 403
    assert await members(cast.pat) == ["pat", "carol"]


async def test_a_provider_who_leaves_takes_the_helpers_along(cast: Cast) -> None:
    await add(cast.pat, "otto")
    await add(cast.plat, "agnes")
    await cast.plat.put("/platform/users/henry", json={"role": "provider", "name": "Henry"})
    await put(cast, provider="henry")
    assert await members(cast.carol) == ["henry", "carol", "agnes"]


async def test_a_helper_can_take_the_booking_over(cast: Cast) -> None:
    await add(cast.pat, "otto")
    await put(cast, provider="otto")
    assert await members(cast.carol) == ["otto", "carol"]
    assert (await remove(cast.otto, "otto")).status_code == 403


async def test_a_room_has_only_so_many_people(cast: Cast) -> None:
    for number in range(MOST_MEMBERS - 1):
        await cast.plat.put(f"/platform/users/h-{number}", json={"role": "provider", "name": f"H {number}"})
    answers = [await add(cast.pat, f"h-{number}") for number in range(MOST_MEMBERS - 1)]
    assert [answer.status_code for answer in answers] == [201] * (MOST_MEMBERS - 2) + [409]
    assert answers[-1].json()["code"] == "too_many"


async def test_a_helper_finds_what_was_written_before(cast: Cast) -> None:
    await say(cast.carol, "The stopcock is below the sink")
    await add(cast.pat, "otto")
    found = (await cast.otto.get("/chat/search", params={"q": "stopcock"})).json()["items"]
    assert [item["text"] for item in found] == ["The stopcock is below the sink"]

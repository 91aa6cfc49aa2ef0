from typing import Any

import httpx
import pytest

from tests.conftest import Cast, SetClock, say


@pytest.fixture
async def rooms(cast: Cast, clock: SetClock) -> list[str]:
    """Pat's seven rooms, the latest first: 17, 16, … 12 with Olga, then 1 with Carol."""
    for number in range(12, 18):
        clock.advance(1)
        draft = {"providerId": "pat", "customerId": "olga", "service": "Sink", "status": "requested"}
        await cast.plat.put(f"/platform/bookings/{number}", json=draft)
    return ["17", "16", "15", "14", "13", "12", "1"]


async def listed(who: httpx.AsyncClient, **query: Any) -> Any:
    answer = await who.get("/chat/conversations", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(page: Any) -> list[str]:
    return [item["bookingId"] for item in page["items"]]


async def test_a_conversation_shows_its_people_and_its_last_message(cast: Cast) -> None:
    await say(cast.carol, "First")
    last = await say(cast.carol, "Second")
    [item] = (await listed(cast.pat))["items"]
    assert item["members"] == [
        {"id": "pat", "role": "provider", "name": "Pat"},
        {"id": "carol", "role": "customer", "name": "Carol"},
    ]
    assert (item["lastMessage"], item["unread"], item["activeAt"]) == (last, 2, last["createdAt"])


async def test_a_message_brings_its_room_to_the_top(cast: Cast, clock: SetClock, rooms: list[str]) -> None:
    assert ids(await listed(cast.pat)) == rooms
    clock.advance(1)
    await say(cast.carol)
    assert ids(await listed(cast.pat))[0] == "1"


async def test_pages_follow_each_other_there_and_back(cast: Cast, rooms: list[str]) -> None:
    first = await listed(cast.pat, limit=3)
    assert (ids(first), first["page"]["prev"], first["page"]["hasMore"]) == (rooms[:3], None, True)
    second = await listed(cast.pat, limit=3, cursor=first["page"]["next"])
    third = await listed(cast.pat, limit=3, cursor=second["page"]["next"])
    assert (ids(second), ids(third), third["page"]["next"]) == (rooms[3:6], rooms[6:], None)
    back = await listed(cast.pat, limit=3, cursor=third["page"]["prev"])
    assert ids(back) == ids(second)
    start = await listed(cast.pat, limit=3, cursor=back["page"]["prev"])
    assert (ids(start), start["page"]["prev"]) == (rooms[:3], None)


async def test_a_room_that_moves_between_pages_is_shown_once(cast: Cast, clock: SetClock, rooms: list[str]) -> None:
    first = await listed(cast.pat, limit=3)
    clock.advance(1)
    await say(cast.olga, booking="13")
    rest = await listed(cast.pat, limit=50, cursor=first["page"]["next"])
    assert ids(rest) == ["14", "12", "1"]


async def test_a_clock_set_back_hides_no_room(cast: Cast, clock: SetClock, rooms: list[str]) -> None:
    clock.advance(-40)
    assert ids(await listed(cast.pat)) == rooms


async def test_a_last_message_names_its_readers(cast: Cast) -> None:
    await say(cast.pat)
    await cast.carol.post("/chat/messages/read", json={"bookingId": "1", "seq": 1})
    [item] = (await listed(cast.pat))["items"]
    assert item["lastMessage"]["readBy"] == ["carol"]


async def test_rooms_are_filtered_by_the_state_of_their_booking(cast: Cast, rooms: list[str]) -> None:
    assert ids(await listed(cast.pat, bookingStatus="confirmed")) == ["1"]
    page = await listed(cast.pat, bookingStatus="requested", limit=2, withTotal="true")
    assert (ids(page), page["total"]) == (["17", "16"], 6)


async def test_a_cursor_is_good_for_its_own_filters_and_owner_only(cast: Cast, rooms: list[str]) -> None:
    cursor = (await listed(cast.pat, limit=2))["page"]["next"]
    for who, query in ((cast.pat, {"bookingStatus": "confirmed"}), (cast.olga, {})):
        answer = await who.get("/chat/conversations", params={"cursor": cursor, **query})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_mismatch")


async def test_the_total_is_told_only_when_asked_for(cast: Cast) -> None:
    assert "total" not in await listed(cast.pat)
    assert (await listed(cast.pat, withTotal="true"))["total"] == 1

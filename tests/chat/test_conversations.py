from typing import Any

import httpx
import pytest

from tests.conftest import Cast, SetClock, say, until


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


async def test_rooms_are_found_by_the_others_the_service_and_the_booking(cast: Cast, rooms: list[str]) -> None:
    assert ids(await listed(cast.pat, q="olga")) == rooms[:-1]
    assert ids(await listed(cast.pat, q="sin")) == rooms[:-1]
    assert ids(await listed(cast.pat, q="CARÖL ta")) == ["1"]
    assert ids(await listed(cast.pat, q="15")) == ["15"]
    for nothing in ("olga tap", "tap olg", "pat", "in", "!", "' or 1=1", "%"):
        assert ids(await listed(cast.pat, q=nothing)) == []


async def test_filters_narrow_each_other_and_bind_the_cursor(cast: Cast, rooms: list[str]) -> None:
    await cast.pat.put("/chat/booking/15/archive")
    page = await listed(cast.pat, q="sink", state="active", bookingStatus="requested", limit=3, withTotal="true")
    assert (ids(page), page["total"]) == (["17", "16", "14"], 5)
    rest = await listed(
        cast.pat, q="sink", state="active", bookingStatus="requested", limit=3, cursor=page["page"]["next"]
    )
    assert ids(rest) == ["13", "12"]
    for other in ({"q": "sink"}, {"q": "sink", "state": "archived"}, {"q": "tap", "state": "active"}):
        answer = await cast.pat.get("/chat/conversations", params={"cursor": page["page"]["next"], **other})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_mismatch")


async def test_a_room_is_found_by_what_it_is_called_now(cast: Cast) -> None:
    draft = {"providerId": "pat", "customerId": "olga", "service": "Boiler", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/1", json=draft)
    assert [ids(await listed(cast.pat, q=q)) for q in ("boiler", "tap", "olga", "carol")] == [["1"], [], ["1"], []]
    # Who has left finds it by what it was.
    assert [ids(await listed(cast.carol, q=q)) for q in ("tap", "boiler", "pat")] == [["1"], [], ["1"]]


async def test_a_room_is_found_by_a_new_name_a_moment_later(cast: Cast) -> None:
    await cast.plat.put("/platform/users/carol", json={"role": "customer", "name": "Caroline Mendes"})

    async def found() -> bool:
        return ids(await listed(cast.pat, q="mendes")) == ["1"]

    await until(found)
    assert ids(await listed(cast.carol, q="mendes")) == []

from typing import Any

import httpx
import pytest

from api.search.index import mark
from tests.chat.test_members import give_booking_1_to
from tests.conftest import Cast, say, until


async def found(who: httpx.AsyncClient, q: str, **query: Any) -> Any:
    answer = await who.get("/chat/search", params={"q": q, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def texts(who: httpx.AsyncClient, q: str, **query: Any) -> list[str]:
    return [item["text"] for item in (await found(who, q, **query))["items"]]


async def booking_of_pat_and_olga(cast: Cast) -> None:
    draft = {"providerId": "pat", "customerId": "olga", "service": "Sink", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/3", json=draft)


async def test_messages_are_found_by_all_of_their_words_the_newest_first(cast: Cast) -> None:
    for text in ("The tap drips", "A new tap, then", "Tap drips again", "The sink"):
        await say(cast.pat, text)
    assert await texts(cast.carol, "tap") == ["Tap drips again", "A new tap, then", "The tap drips"]
    assert await texts(cast.carol, "drips TAP") == ["Tap drips again", "The tap drips"]
    assert await texts(cast.carol, "the ta") == ["The tap drips"]
    assert await texts(cast.carol, "tap sink") == []


async def test_a_hit_is_the_message_as_the_history_shows_it(cast: Cast) -> None:
    await say(cast.pat, "The café")
    await cast.carol.post("/chat/messages/read", json={"bookingId": "1", "seq": 1})
    [hit] = (await found(cast.carol, "CAFE"))["items"]
    assert (await cast.carol.get("/chat/booking/1/history")).json()["items"] == [hit]
    assert hit["readBy"] == ["carol"]


async def test_the_history_around_a_hit_shows_its_neighbours(cast: Cast) -> None:
    for number in range(1, 12):
        await say(cast.pat, "needle" if number == 6 else f"hay {number}")
    [hit] = (await found(cast.carol, "needle"))["items"]
    page = await cast.carol.get(f"/chat/booking/{hit['bookingId']}/history", params={"around": hit["seq"], "limit": 3})
    assert [item["text"] for item in page.json()["items"]] == ["hay 5", "needle", "hay 7"]


async def test_all_of_ones_rooms_are_searched_or_one_of_them(cast: Cast) -> None:
    await booking_of_pat_and_olga(cast)
    await say(cast.carol, "tap one")
    await say(cast.olga, "tap three", booking="3")
    await say(cast.otto, "tap two", booking="2")
    assert await texts(cast.pat, "tap") == ["tap three", "tap one"]
    assert await texts(cast.pat, "tap", bookingId="1") == ["tap one"]
    assert await texts(cast.olga, "tap") == ["tap two", "tap three"]


async def test_two_rooms_that_share_a_mark_stay_apart(cast: Cast) -> None:
    assert mark("room", "b984389") == mark("room", "b16240026")
    for room in ("b984389", "b16240026"):
        draft = {"providerId": "pat", "customerId": "olga", "service": "Sink", "status": "confirmed"}
        await cast.plat.put(f"/platform/bookings/{room}", json=draft)
        await say(cast.olga, f"tap in {room}", booking=room)
    assert await texts(cast.pat, "tap", bookingId="b984389", limit=1) == ["tap in b984389"]


async def test_a_stranger_finds_nothing_and_learns_nothing_of_a_room(cast: Cast) -> None:
    await say(cast.pat, "secret tap")
    assert await texts(cast.pat, "secret") == ["secret tap"]
    for who in (cast.otto, cast.agnes, cast.ada):
        assert await texts(who, "secret") == []
        theirs, never = [await who.get("/chat/search", params={"q": "tap", "bookingId": room}) for room in ("1", "9")]
        assert theirs.status_code == never.status_code == 404
        assert {**theirs.json(), "requestId": ""} == {**never.json(), "requestId": ""}


async def test_a_former_member_finds_what_was_written_until_then(cast: Cast) -> None:
    await say(cast.carol, "tap before")
    await give_booking_1_to(cast, "otto")
    await say(cast.carol, "tap after")
    assert await texts(cast.pat, "tap") == ["tap before"]
    assert await texts(cast.otto, "tap") == ["tap after", "tap before"]
    await give_booking_1_to(cast, "pat")
    assert await texts(cast.pat, "tap") == ["tap after", "tap before"]


async def test_a_new_member_of_a_long_room_finds_all_of_it_a_little_later(cast: Cast) -> None:
    for number in range(120):
        await say(cast.carol, f"tap {number}")
    await give_booking_1_to(cast, "otto")

    async def oldest() -> bool:
        return await texts(cast.otto, "tap 0") == ["tap 0"]

    await until(oldest)
    assert len(await texts(cast.otto, "tap", limit=100)) == 100


async def test_an_edited_message_is_found_by_what_it_says_now(cast: Cast) -> None:
    message = await say(cast.pat, "The tap")
    await cast.pat.patch(f"/chat/messages/{message['id']}", json={"text": "The sink"})
    for who in (cast.pat, cast.carol):
        assert [await texts(who, word) for word in ("tap", "sink")] == [[], ["The sink"]]


async def test_a_deleted_message_is_not_found(cast: Cast) -> None:
    message = await say(cast.pat, "The tap")
    assert await texts(cast.carol, "tap") == ["The tap"]
    await cast.pat.delete(f"/chat/messages/{message['id']}")
    assert await texts(cast.carol, "tap") == []
    assert await texts(cast.pat, "deleted") == []


async def test_what_the_system_says_is_found_too(cast: Cast) -> None:
    await give_booking_1_to(cast, "pat")
    draft = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": "completed"}
    await cast.plat.put("/platform/bookings/1", json=draft)
    assert await texts(cast.carol, "completed") == ["The booking is completed."]


async def test_pages_follow_each_other_there_and_back_whatever_comes_in_between(cast: Cast) -> None:
    for number in range(5):
        await say(cast.pat, f"tap {number}")
    first = await found(cast.pat, "tap", limit=2)
    await say(cast.pat, "tap 5")
    second = await found(cast.pat, "tap", limit=2, cursor=first["page"]["next"])
    third = await found(cast.pat, "tap", limit=2, cursor=second["page"]["next"])
    assert [item["text"][-1] for page in (first, second, third) for item in page["items"]] == ["4", "3", "2", "1", "0"]
    assert (first["page"]["prev"], third["page"]["next"], third["page"]["hasMore"]) == (None, None, False)
    assert (await found(cast.pat, "tap", limit=2, cursor=third["page"]["prev"]))["items"] == second["items"]


async def test_a_cursor_is_good_for_its_own_search_only(cast: Cast) -> None:
    for _ in range(3):
        await say(cast.pat, "tap sink")
    cursor = (await found(cast.pat, "tap", limit=2))["page"]["next"]
    for who, query in (
        (cast.pat, {"q": "sink"}),
        (cast.pat, {"q": "tap", "bookingId": "1"}),
        (cast.carol, {"q": "tap"}),
    ):
        answer = await who.get("/chat/search", params={"cursor": cursor, **query})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_mismatch")


@pytest.mark.parametrize("q", ['"', "tap -sink", "ta*", "x:y", "NEAR(tap)", "(" * 200, "' | '", "tap:*", "٪", "%00"])
async def test_no_query_is_a_query_language(cast: Cast, q: str) -> None:
    await say(cast.pat, "The tap")
    assert all(text == "The tap" for text in await texts(cast.pat, q))


async def test_an_endless_or_empty_query_is_refused(cast: Cast) -> None:
    for q in ("", "x" * 201, "a\0b"):
        assert (await cast.pat.get("/chat/search", params={"q": q})).status_code == 400
    assert (await cast.pat.get("/chat/search")).status_code == 400

from typing import Any

import httpx

from tests.conftest import Cast, say


async def texts(who: httpx.AsyncClient) -> list[str]:
    history = (await who.get("/chat/booking/1/history")).json()
    return [item["text"] for item in history["items"]]


async def give_booking_1_to(cast: Cast, provider: str, customer: str = "carol") -> Any:
    draft = {"providerId": provider, "customerId": customer, "service": "Tap", "status": "confirmed"}
    answer = await cast.plat.put("/platform/bookings/1", json=draft)
    assert answer.status_code == 200
    return answer.json()


async def test_an_outsider_sees_and_writes_nothing(cast: Cast) -> None:
    await say(cast.otto, booking="2")
    await say(cast.pat)
    assert (await cast.otto.get("/chat/booking/1/history")).status_code == 404
    assert (await cast.otto.post("/chat/booking/1/message", json={"text": "Hi"})).status_code == 404
    assert await texts(cast.carol) == ["Hello"]


async def test_a_former_member_keeps_what_was_written_and_hears_nothing_more(cast: Cast) -> None:
    await say(cast.carol, "Before")
    await give_booking_1_to(cast, "otto")
    await say(cast.carol, "After")
    assert await texts(cast.pat) == ["Before"]
    assert (await cast.pat.get("/chat/unread-count")).json()["total"] == 1
    assert (await cast.pat.post("/chat/booking/1/message", json={"text": "Hi"})).status_code == 404
    [item] = (await cast.pat.get("/chat/conversations")).json()["items"]
    assert item["lastMessage"]["text"] == "Before"


async def test_a_former_member_sees_the_booking_and_its_readers_as_they_were(cast: Cast) -> None:
    await say(cast.pat, "Mine")
    before = (await cast.pat.get("/chat/conversations")).json()["items"]
    draft = {"providerId": "otto", "customerId": "carol", "service": "Another address", "status": "in_progress"}
    await cast.plat.put("/platform/bookings/1", json=draft)
    for who in (cast.otto, cast.carol):
        await who.post("/chat/messages/read", json={"bookingId": "1", "seq": 1})
    assert (await cast.pat.get("/chat/conversations")).json()["items"] == [before[0] | {"writable": False}]
    assert (await cast.pat.get("/chat/booking/1/history")).json()["items"][0]["readBy"] == []
    for status, count in (("confirmed", 1), ("in_progress", 0)):
        page = (await cast.pat.get("/chat/conversations", params={"bookingStatus": status})).json()
        assert len(page["items"]) == count


async def test_a_new_member_sees_the_room_from_its_start(cast: Cast) -> None:
    await say(cast.carol, "Before")
    await give_booking_1_to(cast, "otto")
    await say(cast.carol, "After")
    assert await texts(cast.otto) == ["Before", "After"]
    assert (await cast.otto.get("/chat/unread-count")).json()["byBooking"]["1"] == 2


async def test_a_member_who_comes_back_sees_what_was_missed(cast: Cast) -> None:
    await say(cast.pat, "Mine")
    await give_booking_1_to(cast, "otto")
    await say(cast.carol, "Missed")
    await give_booking_1_to(cast, "pat")
    assert await texts(cast.pat) == ["Mine", "Missed"]
    assert (await cast.pat.get("/chat/unread-count")).json()["total"] == 1
    assert (await cast.otto.post("/chat/booking/1/message", json={"text": "Hi"})).status_code == 404


async def test_a_former_member_marks_read_only_what_was_written_until_then(cast: Cast) -> None:
    await say(cast.carol, "Before")
    await give_booking_1_to(cast, "otto")
    later = await say(cast.carol, "After")
    await cast.pat.post("/chat/messages/read", json={"messageIds": [later["id"]]})
    assert (await cast.pat.get("/chat/unread-count")).json()["total"] == 1
    await cast.pat.post("/chat/messages/read", json={"bookingId": "1", "seq": 2})
    assert (await cast.pat.get("/chat/unread-count")).json()["total"] == 0
    assert (await cast.carol.get("/chat/booking/1/history")).json()["items"][1]["readBy"] == []

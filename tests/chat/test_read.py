from typing import Any

import httpx

from tests.conftest import Cast, say


async def read(who: httpx.AsyncClient, **marks: Any) -> Any:
    answer = await who.post("/chat/messages/read", json=marks)
    assert answer.status_code == 200, answer.text
    return answer.json()["unread"]


async def unread(who: httpx.AsyncClient) -> Any:
    return (await who.get("/chat/unread-count")).json()


async def test_what_others_wrote_is_unread(cast: Cast) -> None:
    await say(cast.pat)
    await say(cast.carol)
    await say(cast.pat)
    assert await unread(cast.carol) == {"total": 2, "byBooking": {"1": 2}}
    assert await unread(cast.pat) == {"total": 1, "byBooking": {"1": 1}}


async def test_reading_up_to_a_seq_leaves_what_came_after(cast: Cast) -> None:
    for _ in range(3):
        await say(cast.pat)
    assert await read(cast.carol, bookingId="1", seq=2) == 1
    assert await unread(cast.carol) == {"total": 1, "byBooking": {"1": 1}}


async def test_a_marker_never_goes_back_nor_ahead_of_the_room(cast: Cast) -> None:
    for _ in range(3):
        await say(cast.pat)
    assert await read(cast.carol, bookingId="1", seq=99) == 0
    assert await read(cast.carol, bookingId="1", seq=1) == 0
    await say(cast.pat)
    assert await unread(cast.carol) == {"total": 1, "byBooking": {"1": 1}}


async def test_ones_own_messages_are_never_unread(cast: Cast) -> None:
    await say(cast.pat)
    await say(cast.carol)
    await say(cast.pat)
    assert await read(cast.carol, bookingId="1", seq=1) == 1
    assert await unread(cast.carol) == {"total": 1, "byBooking": {"1": 1}}


async def test_reading_by_ids_moves_each_room_to_its_last(cast: Cast) -> None:
    draft = {"providerId": "pat", "customerId": "olga", "service": "Sink", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/3", json=draft)
    ids = [
        (await say(who, booking=room))["id"] for who, room in ((cast.carol, "1"), (cast.carol, "1"), (cast.olga, "3"))
    ]
    assert await unread(cast.pat) == {"total": 3, "byBooking": {"1": 2, "3": 1}}
    assert await read(cast.pat, messageIds=[ids[1], ids[2]]) == 0


async def test_strangers_ids_are_ignored(cast: Cast) -> None:
    theirs = await say(cast.olga, booking="2")
    assert (await unread(cast.otto))["total"] == 1
    assert await read(cast.pat, messageIds=[theirs["id"], "msg_none"]) == 0
    assert await read(cast.pat, bookingId="2", seq=1) == 0
    assert (await unread(cast.otto))["total"] == 1


async def test_both_forms_or_none_are_refused(cast: Cast) -> None:
    for body in ({}, {"bookingId": "1"}, {"seq": 1}, {"messageIds": ["a"], "bookingId": "1", "seq": 1}):
        assert (await cast.pat.post("/chat/messages/read", json=body)).status_code == 400

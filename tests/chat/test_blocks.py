from typing import Any

import httpx

from tests.conftest import Cast, SetClock, say
from tests.notifications.conftest import until
from tests.notifications.test_told import told


async def block(who: httpx.AsyncClient, whom: str) -> None:
    assert (await who.put(f"/chat/blocks/{whom}")).status_code == 204


async def refused(who: httpx.AsyncClient, booking: str = "1", **fields: Any) -> str:
    answer = await who.post(f"/chat/booking/{booking}/message", json={"text": "Hello", **fields})
    return f"{answer.status_code} {answer.json().get('code')}"


async def share_booking_3(cast: Cast) -> None:
    draft = {"providerId": "pat", "customerId": "carol", "service": "Sink", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/3", json=draft)


async def test_messages_of_somebody_blocked_are_refused_in_every_room_of_the_two(cast: Cast) -> None:
    await share_booking_3(cast)
    await block(cast.carol, "pat")
    assert [await refused(cast.pat, room) for room in ("1", "3")] == ["409 messages_refused"] * 2
    assert (await cast.carol.get("/chat/booking/1/history")).json()["items"] == []
    assert (await say(cast.otto, booking="2"))["seq"] == 1


async def test_whoever_blocks_unblocks_before_writing(cast: Cast) -> None:
    await block(cast.carol, "pat")
    assert await refused(cast.carol) == "409 blocking"
    assert (await cast.carol.delete("/chat/blocks/pat")).status_code == 204
    assert [(await say(who))["seq"] for who in (cast.carol, cast.pat)] == [1, 2]


async def test_the_blocked_one_sees_no_difference_but_the_refusal(cast: Cast) -> None:
    await say(cast.carol)
    paths = ("/chat/conversations", "/chat/booking/1/history", "/chat/unread-count", "/chat/blocks", "/events")
    before = [(await cast.pat.get(path)).json() for path in paths]
    await block(cast.carol, "pat")
    assert [(await cast.pat.get(path)).json() for path in paths] == before


async def test_what_the_room_says_of_its_booking_still_passes(cast: Cast) -> None:
    await block(cast.carol, "pat")
    draft = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": "in_progress"}
    await cast.plat.put("/platform/bookings/1", json=draft)
    [message] = (await cast.carol.get("/chat/booking/1/history")).json()["items"]
    assert (message["type"], message["text"]) == ("system", "The work has begun.")


async def test_a_third_member_is_still_written_to(cast: Cast) -> None:
    await block(cast.carol, "pat")
    await cast.pat.post("/chat/booking/1/members", json={"userId": "otto"})
    assert (await say(cast.pat))["text"] == "Hello"
    assert (await say(cast.carol))["text"] == "Hello"


async def test_a_message_sent_before_is_answered_again_and_not_edited(cast: Cast) -> None:
    sent = await say(cast.pat, clientMessageId="a-1")
    await block(cast.carol, "pat")
    assert await say(cast.pat, clientMessageId="a-1") == sent
    answer = await cast.pat.patch(f"/chat/messages/{sent['id']}", json={"text": "Get lost"})
    assert (answer.status_code, answer.json()["code"]) == (409, "messages_refused")
    assert (await cast.pat.delete(f"/chat/messages/{sent['id']}")).status_code == 200


async def test_a_socket_is_refused_alike(cast: Cast, device: Any) -> None:
    await block(cast.carol, "pat")
    pats = await device("pat")
    frame = await pats.ask("message.send", bookingId="1", message={"text": "Hello", "clientMessageId": "a-1"})
    assert (frame["type"], frame["problem"]["code"]) == ("error", "messages_refused")


async def test_neither_sees_whether_the_other_is_there_or_writes(cast: Cast, device: Any) -> None:
    carols = await device("carol")
    await block(cast.carol, "pat")
    pats = await device("pat")
    for who, booking, other in ((cast.pat, "1", "carol"), (cast.carol, "1", "pat")):
        await who.post(f"/chat/booking/{booking}/typing", json={"typing": True})
        users = (await who.get(f"/chat/booking/{booking}/online-status")).json()["users"]
        assert {"id": other, "online": False, "lastSeenAt": None} in users
    await cast.carol.delete("/chat/blocks/pat")
    await say(cast.pat)
    heard = [(await carols.event())["type"] for _ in range(3)]
    assert heard == ["conversation.updated", "conversation.updated", "message.created"]
    assert (await pats.event())["type"] == "message.created"


async def test_the_blocked_are_listed_and_named_in_the_room(cast: Cast) -> None:
    await block(cast.carol, "pat")
    await block(cast.carol, "pat")
    [item] = (await cast.carol.get("/chat/blocks")).json()["items"]
    assert (item["id"], item["role"], item["name"]) == ("pat", "provider", "Pat")
    assert (await cast.carol.get("/chat/conversations")).json()["items"][0]["blocked"] == ["pat"]
    assert (await cast.pat.get("/chat/conversations")).json()["items"][0]["blocked"] == []


async def test_only_people_one_has_met_can_be_blocked_and_not_oneself(cast: Cast) -> None:
    for whom in ("otto", "nobody", "carol"):
        assert (await cast.carol.put(f"/chat/blocks/{whom}")).status_code == 404
        assert (await cast.carol.delete(f"/chat/blocks/{whom}")).status_code == 404


async def test_many_rooms_of_two_hear_of_a_block(cast: Cast, device: Any) -> None:
    for number in range(100, 145):
        draft = {"providerId": "pat", "customerId": "carol", "service": "Sink", "status": "confirmed"}
        await cast.plat.put(f"/platform/bookings/{number}", json=draft)
    carols = await device("carol")
    await block(cast.carol, "pat")
    heard = [(await carols.event())["data"] for _ in range(46)]
    assert len({item["bookingId"] for item in heard}) == 46
    assert all(item["blocked"] == ["pat"] for item in heard)


async def test_with_a_third_member_there_a_blocked_one_notifies_only_that_one(cast: Cast, clock: SetClock) -> None:
    await cast.pat.post("/chat/booking/1/members", json={"userId": "otto"})
    await block(cast.carol, "pat")
    for count in ("New message", "2 messages"):
        await say(cast.pat)
        clock.advance(10)
        await until(lambda: told(cast.otto), [("message.waiting", f"{count}: Tap")])
    assert await told(cast.carol) == []
    await say(cast.otto)
    clock.advance(10)
    await until(lambda: told(cast.carol), [("message.waiting", "3 messages: Tap")])

from typing import Any

import httpx
import pytest

from tests.chat.test_conversations import ids, listed
from tests.conftest import Cast, SetClock, say
from tests.notifications.conftest import until
from tests.notifications.test_told import told


async def put(who: httpx.AsyncClient, what: str, booking: str = "1", **body: Any) -> Any:
    answer = await who.put(f"/chat/booking/{booking}/{what}", json=body if what == "mute" else None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def undo(who: httpx.AsyncClient, what: str) -> Any:
    answer = await who.delete(f"/chat/booking/1/{what}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def states(who: httpx.AsyncClient) -> list[bool]:
    """Whether the one room is in the list of each state."""
    return [ids(await listed(who, state=state)) == ["1"] for state in ("active", "unread", "archived")]


async def test_an_archived_room_comes_back_with_the_next_message(cast: Cast) -> None:
    assert await states(cast.pat) == [True, False, False]
    assert (await put(cast.pat, "archive"))["archived"] is True
    assert await states(cast.pat) == [False, False, True]
    assert await states(cast.carol) == [True, False, False]
    await say(cast.carol)
    assert await states(cast.pat) == [True, True, False]


async def test_what_the_system_says_brings_a_room_back_too(cast: Cast) -> None:
    await put(cast.pat, "archive")
    draft = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": "completed"}
    await cast.plat.put("/platform/bookings/1", json=draft)
    assert await states(cast.pat) == [True, False, False]


async def test_a_room_can_be_taken_out_of_the_archive(cast: Cast) -> None:
    await put(cast.pat, "archive")
    assert (await undo(cast.pat, "archive"))["archived"] is False
    assert await states(cast.pat) == [True, False, False]


async def test_a_room_is_unread_while_it_holds_unread_messages_archived_or_not(cast: Cast) -> None:
    await say(cast.carol)
    await put(cast.pat, "archive")
    assert await states(cast.pat) == [False, True, True]
    await cast.pat.post("/chat/messages/read", json={"bookingId": "1", "seq": 1})
    assert await states(cast.pat) == [False, False, True]


@pytest.mark.parametrize("messages", [0, 1])
async def test_a_room_marked_unread_stays_so_until_it_is_read(cast: Cast, messages: int) -> None:
    for _ in range(messages):
        await say(cast.carol)
        await cast.pat.post("/chat/messages/read", json={"bookingId": "1", "seq": 1})
    marked = await put(cast.pat, "unread")
    assert (marked["markedUnread"], marked["unread"]) == (True, 0)
    assert (await cast.pat.get("/chat/unread-count")).json()["total"] == 0
    assert await states(cast.pat) == [True, True, False]
    await cast.pat.post("/chat/messages/read", json={"bookingId": "1", "seq": messages})
    assert await states(cast.pat) == [True, False, False]


async def test_marking_unread_takes_no_receipt_back(cast: Cast) -> None:
    await say(cast.carol)
    await cast.pat.post("/chat/messages/read", json={"bookingId": "1", "seq": 1})
    await put(cast.pat, "unread")
    assert (await cast.carol.get("/chat/booking/1/history")).json()["items"][0]["readBy"] == ["pat"]
    assert (await undo(cast.pat, "unread"))["markedUnread"] is False


async def test_a_room_is_muted_until_a_moment_or_for_good(cast: Cast) -> None:
    assert (await put(cast.pat, "mute", until="2026-11-22T10:30:00+01:00"))["mutedUntil"] == "2026-11-22T09:30:00.000Z"
    assert (await put(cast.pat, "mute"))["mutedUntil"] == "9999-12-31T00:00:00.000Z"
    assert (await undo(cast.pat, "mute"))["mutedUntil"] is None


async def test_a_moment_that_is_over_mutes_nothing(cast: Cast) -> None:
    for moment in ("2026-11-22T08:30:00Z", "2020-01-01T00:00:00Z", "2026-11-23T08:30:00", "tomorrow", 1):
        answer = await cast.pat.put("/chat/booking/1/mute", json={"until": moment})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/until")
    assert (await listed(cast.pat))["items"][0]["mutedUntil"] is None


async def test_marks_are_ones_own(cast: Cast) -> None:
    for what in ("archive", "unread", "mute"):
        await put(cast.pat, what)
        assert (await cast.otto.put(f"/chat/booking/1/{what}", json={})).status_code == 404
    [item] = (await listed(cast.carol))["items"]
    assert (item["archived"], item["markedUnread"], item["mutedUntil"]) == (False, False, None)


async def test_one_room_is_answered_as_the_list_shows_it(cast: Cast) -> None:
    await say(cast.carol)
    await put(cast.pat, "mute")
    assert [(await cast.pat.get("/chat/booking/1/conversation")).json()] == (await listed(cast.pat))["items"]
    for room in ("1", "9"):
        assert (await cast.otto.get(f"/chat/booking/{room}/conversation")).status_code == 404


async def test_a_muted_room_notifies_of_nothing_until_its_time_is_over(cast: Cast, clock: SetClock) -> None:
    draft = {"providerId": "pat", "customerId": "olga", "service": "Sink", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/3", json=draft)
    await put(cast.pat, "mute", until="2026-11-22T08:31:00Z")
    for count in ("New message", "2 messages"):
        await say(cast.carol)
        await say(cast.olga, booking="3")
        clock.advance(10)
        await until(lambda: told(cast.pat), [("message.waiting", f"{count}: Sink")])
    assert (await cast.pat.get("/chat/unread-count")).json()["byBooking"] == {"1": 2, "3": 2}
    clock.advance(60)
    await say(cast.carol)
    clock.advance(10)
    both = [("message.waiting", "3 messages: Tap"), ("message.waiting", "2 messages: Sink")]
    await until(lambda: told(cast.pat), both)

"""State and events together are the fresh state: what a client keeps by its events is what it would load."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.conftest import Cast, SetClock, say

Open = Callable[..., Any]
State = dict[str, Any]


async def loaded(who: httpx.AsyncClient) -> State:
    conversations = (await who.get("/chat/conversations")).json()["items"]
    rooms = [item["bookingId"] for item in conversations]
    return {
        "conversations": {item["bookingId"]: item for item in conversations},
        "history": {room: (await who.get(f"/chat/booking/{room}/history")).json()["items"] for room in rooms},
        "unread": (await who.get("/chat/unread-count")).json(),
    }


async def applied(state: State, event: Any, who: httpx.AsyncClient, me: str) -> None:
    """What a client does with an event."""
    content = event["data"]
    room = content["bookingId"]
    if event["type"] == "conversation.updated":
        known = state["conversations"].get(room, {"lastMessage": None})
        state["conversations"][room] = content | {"lastMessage": known["lastMessage"]}
        state["history"].setdefault(room, [])
    elif event["type"] == "message.created":
        item = state["conversations"][room]
        unread = content["sender"]["id"] != me and content["type"] != "system"
        item |= {"lastMessage": content, "activeAt": content["createdAt"], "unread": item["unread"] + unread}
        item["archived"] = False
        state["history"][room].append(content)
    elif event["type"] in ("message.edited", "message.deleted"):
        now = (await who.get(f"/chat/messages/{content['id']}")).json()
        assert now["version"] == content["version"]
        for message in [*state["history"][room], state["conversations"][room]["lastMessage"]]:
            if message["id"] == now["id"]:
                message |= now
    else:
        _apply_receipt(state, content, me, read=event["type"] == "messages.read")
    counts = {name: item["unread"] for name, item in state["conversations"].items() if item["unread"]}
    state["unread"] = {"total": sum(counts.values()), "byBooking": counts}


def _apply_receipt(state: State, receipt: Any, me: str, *, read: bool) -> None:
    """Who has read as far has been sent it too."""
    item = state["conversations"][receipt["bookingId"]]
    if read and receipt["userId"] == me:
        item |= {"readSeq": receipt["seq"], "unread": receipt["unread"], "markedUnread": False}
    for message in [*state["history"][receipt["bookingId"]], item["lastMessage"]]:
        if message["seq"] <= receipt["seq"] and receipt["userId"] != message["sender"]["id"]:
            names = [*["readBy"] * read, *["deliveredTo"] * (receipt["userId"] != me)]
            for name in names:
                message[name] = sorted({*message[name], receipt["userId"]})


async def new_message(cast: Cast) -> None:
    await say(cast.pat, "New")


async def a_message_back(cast: Cast) -> None:
    await say(cast.carol, "Back")


async def a_place(cast: Cast) -> None:
    await say(cast.pat, type="location", location={"latitude": 52.520008, "longitude": 13.404954})


async def an_edit(cast: Cast) -> None:
    await cast.pat.patch(f"/chat/messages/{await _last(cast)}", json={"text": "Better"})


async def a_deletion(cast: Cast) -> None:
    await cast.pat.delete(f"/chat/messages/{await _last(cast)}")


async def _last(cast: Cast) -> str:
    return str((await cast.pat.get("/chat/booking/1/history", params={"limit": 1})).json()["items"][0]["id"])


async def archived(cast: Cast) -> None:
    await cast.pat.put("/chat/booking/1/archive")


async def archived_and_written_to(cast: Cast) -> None:
    await archived(cast)
    await say(cast.carol)


async def marked_unread(cast: Cast) -> None:
    await cast.pat.put("/chat/booking/1/unread")


async def marked_unread_and_read(cast: Cast) -> None:
    for seq in (4, 4, 99):
        await marked_unread(cast)
        await cast.pat.post("/chat/messages/read", json={"bookingId": "1", "seq": seq})


async def muted(cast: Cast) -> None:
    await cast.pat.put("/chat/booking/1/mute", json={})


async def blocked(cast: Cast) -> None:
    await cast.pat.put("/chat/blocks/carol")


async def read_some(cast: Cast) -> None:
    await cast.carol.post("/chat/messages/read", json={"bookingId": "1", "seq": 2})


async def read_all(cast: Cast) -> None:
    await cast.carol.post("/chat/messages/read", json={"bookingId": "1", "seq": 99})


async def new_booking(cast: Cast) -> None:
    draft = {"providerId": "pat", "customerId": "carol", "service": "Sink", "status": "requested"}
    await cast.plat.put("/platform/bookings/9", json=draft)


async def changed_booking(cast: Cast) -> None:
    draft = {"providerId": "pat", "customerId": "carol", "service": "Two taps", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/1", json=draft)


async def changed_status(cast: Cast) -> None:
    draft = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": "completed"}
    await cast.plat.put("/platform/bookings/1", json=draft)


ACTS = [
    new_message,
    a_message_back,
    a_place,
    an_edit,
    a_deletion,
    read_some,
    read_all,
    new_booking,
    changed_booking,
    changed_status,
    archived,
    archived_and_written_to,
    marked_unread,
    marked_unread_and_read,
    muted,
    blocked,
]


@pytest.mark.parametrize("act", ACTS)
async def test_state_and_events_make_the_fresh_state(
    cast: Cast, device: Open, clock: SetClock, act: Callable[[Cast], Awaitable[None]]
) -> None:
    for who in (cast.pat, cast.pat, cast.carol, cast.pat):
        await say(who)
    devices = {"pat": await device("pat"), "carol": await device("carol")}
    states = {"pat": await loaded(cast.pat), "carol": await loaded(cast.carol)}
    clock.advance(1)
    await act(cast)
    for name, who in (("pat", cast.pat), ("carol", cast.carol)):
        # What was delivered is told a while later. An event that is missing is waited for in vain.
        while states[name] != await loaded(who):
            await applied(states[name], await devices[name].event(), who, name)

import asyncio
from collections.abc import Callable
from typing import Any

from tests.chat.test_privacy import switch
from tests.conftest import Cast, say

Open = Callable[..., Any]


async def delivered(device: Any) -> Any:
    """What the next event says that is no message."""
    while (event := await device.event())["type"] == "message.created":
        pass
    assert (event["type"], event["topic"]) == ("messages.delivered", "user")
    return event["data"]


async def test_the_sender_hears_that_a_device_was_sent_it(cast: Cast, device: Open) -> None:
    pat, _ = await device("pat"), await device("carol")
    await say(cast.pat)
    assert await delivered(pat) == {"bookingId": "1", "userId": "carol", "seq": 1}


async def test_who_was_away_is_sent_it_with_the_replay(cast: Cast, device: Open) -> None:
    pat, carol = await device("pat"), await device("carol")
    place = {"epoch": carol.welcome["epoch"], "positions": carol.welcome["positions"]}
    await carol.connection.close()
    for _ in range(3):
        await say(cast.pat)
    await device("carol", resume=place)
    assert await delivered(pat) == {"bookingId": "1", "userId": "carol", "seq": 3}


async def test_who_asks_for_events_over_http_is_sent_them_too(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    epoch = (await cast.carol.get("/events")).json()["epoch"]
    await say(cast.pat)
    await cast.carol.get("/events", params={"since": 0, "epoch": epoch})
    assert await delivered(pat) == {"bookingId": "1", "userId": "carol", "seq": 1}


async def test_a_batch_tells_the_last_of_each_room_once(cast: Cast, device: Open) -> None:
    pat, carol = await device("pat"), await device("carol")
    await asyncio.gather(*[say(cast.pat) for _ in range(30)])
    heard = [await delivered(pat)]
    while heard[-1]["seq"] < 30:
        heard.append(await delivered(pat))
    assert len(heard) < 10
    # Nothing is delivered to its own sender, and what was read need not be delivered as well.
    await cast.carol.post("/chat/messages/read", json={"bookingId": "1", "seq": 30})
    await say(cast.carol)
    kinds = [(await carol.event())["type"] for _ in range(30 + 1 + 1 + 1)]
    assert kinds == ["message.created"] * 30 + ["messages.read", "message.created", "messages.delivered"]


async def delivered_to(cast: Cast) -> list[list[str]]:
    """Of each message in the room, and of the last one in the list of rooms."""
    messages = (await cast.pat.get("/chat/booking/1/history")).json()["items"]
    messages.append((await cast.pat.get("/chat/conversations")).json()["items"][0]["lastMessage"])
    return [message["deliveredTo"] for message in messages]


async def test_who_loaded_the_history_has_been_sent_it(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    for _ in range(2):
        await say(cast.pat)
    assert await delivered_to(cast) == [[], [], []]
    page = (await cast.carol.get("/chat/booking/1/history", params={"before": 2})).json()["items"]
    assert [message["seq"] for message in page] == [1]
    assert await delivered(pat) == {"bookingId": "1", "userId": "carol", "seq": 1}
    assert await delivered_to(cast) == [["carol"], [], []]


async def test_what_was_read_was_delivered(cast: Cast) -> None:
    for _ in range(2):
        await say(cast.pat)
    await cast.carol.post("/chat/messages/read", json={"bookingId": "1", "seq": 2})
    assert await delivered_to(cast) == [["carol"], ["carol"], ["carol"]]


async def test_without_receipts_nobody_hears_what_was_delivered(cast: Cast, device: Open) -> None:
    await switch(cast.carol, receipts=False)
    pat, _, otto, _ = [await device(who) for who in ("pat", "carol", "otto", "olga")]
    await say(cast.pat)
    # When this is told, the one before has been looked at.
    await say(cast.otto, booking="2")
    assert (await delivered(otto))["bookingId"] == "2"
    await switch(cast.carol)
    await say(cast.pat)
    assert await delivered(pat) == {"bookingId": "1", "userId": "carol", "seq": 2}


async def test_a_reader_of_server_sent_events_is_sent_it_as_well(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    async with cast.carol.stream("GET", "/events", headers={"Accept": "text/event-stream"}) as feed:
        lines = feed.aiter_lines()
        while not (await anext(lines)).startswith("data:"):
            pass
        await say(cast.pat)
        while "message.created" not in await anext(lines):
            pass
        assert await delivered(pat) == {"bookingId": "1", "userId": "carol", "seq": 1}

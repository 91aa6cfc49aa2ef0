from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Cast, SetClock, say

Open = Callable[..., Any]
STARTED = {"bookingId": "1", "userId": "pat", "typing": True, "expiresInMs": 6000}
STOPPED = {"bookingId": "1", "userId": "pat", "typing": False, "expiresInMs": None}


async def type_(cast: Cast, typing: bool = True) -> None:
    answer = await cast.pat.post("/chat/booking/1/typing", json={"typing": typing})
    assert (answer.status_code, answer.content) == (204, b"")


async def heard_before(cast: Cast, carol: Any, text: str) -> list[Any]:
    """What carol hears before a message that is sent now."""
    await say(cast.pat, text)
    found = []
    while (event := await carol.event())["data"].get("text") != text:
        found.append(event)
    return found


async def test_the_other_member_hears_without_a_position_and_nobody_else_does(cast: Cast, device: Open) -> None:
    pat, carol, otto = await device("pat"), await device("carol"), await device("otto")
    await type_(cast)
    event = await carol.event()
    assert (event["type"], event["data"], event.keys()) == ("typing", STARTED, {"type", "at", "data"})
    sent = await say(cast.pat)
    assert (await pat.event())["data"] == sent
    await say(cast.olga, booking="2")
    assert (await otto.event())["type"] == "message.created"


async def test_it_is_told_over_the_socket_as_over_rest(cast: Cast, device: Open) -> None:
    pat, carol = await device("pat"), await device("carol")
    assert (await pat.ask("typing", bookingId="1", typing=True))["result"] == {}
    assert (await carol.event())["data"] == STARTED


async def test_repeats_are_passed_on_only_every_three_seconds(cast: Cast, device: Open, clock: SetClock) -> None:
    carol = await device("carol")
    for _ in range(5):
        await type_(cast)
    assert [event["data"] for event in await heard_before(cast, carol, "first")] == [STARTED]
    clock.advance(3)
    await type_(cast)
    assert [event["data"] for event in await heard_before(cast, carol, "second")] == [STARTED]


async def test_an_end_is_told_once_and_not_after_it_ran_out(cast: Cast, device: Open, clock: SetClock) -> None:
    carol = await device("carol")
    for typing in (False, True, False, False):
        await type_(cast, typing)
    assert [event["data"] for event in await heard_before(cast, carol, "first")] == [STARTED, STOPPED]
    await type_(cast)
    clock.advance(6)
    await type_(cast, False)
    assert [event["data"] for event in await heard_before(cast, carol, "second")] == [STARTED]


async def test_it_is_not_kept_for_those_who_are_away(cast: Cast, device: Open) -> None:
    await device("carol")
    await type_(cast)
    epoch = (await cast.carol.get("/events")).json()["epoch"]
    events = (await cast.carol.get("/events", params={"since": 0, "epoch": epoch})).json()["events"]
    assert [event["type"] for event in events] == ["conversation.updated"]


async def test_a_feed_of_server_sent_events_hears_it_too(cast: Cast) -> None:
    async with cast.carol.stream("GET", "/events", headers={"Accept": "text/event-stream"}) as feed:
        lines = feed.aiter_lines()
        while not (line := await anext(lines)).startswith("data:"):
            pass
        await type_(cast)
        while '"typing"' not in (line := await anext(lines)):
            assert "welcome" not in line
    assert line.startswith('data: {"type":"typing","at":')


@pytest.mark.parametrize("who", ["otto", "olga", "agnes"])
async def test_a_stranger_types_into_nothing(cast: Cast, device: Open, who: str) -> None:
    carol, stranger = await device("carol"), getattr(cast, who)
    answers = [await stranger.post(f"/chat/booking/{room}/typing", json={"typing": True}) for room in ("1", "9")]
    assert [answer.json()["code"] for answer in answers] == ["not_found", "not_found"]
    frame = await (await device(who)).ask("typing", bookingId="1", typing=True)
    assert frame["problem"]["code"] == "not_found"
    assert await heard_before(cast, carol, "nothing") == []


@pytest.mark.parametrize("forged", [{"userId": "carol"}, {"senderId": "carol"}, {"role": "admin"}, {"expiresInMs": 9}])
async def test_nobody_types_in_anothers_name(cast: Cast, device: Open, forged: Any) -> None:
    answer = await cast.pat.post("/chat/booking/1/typing", json={"typing": True, **forged})
    assert answer.json()["errors"][0]["code"] == "unknown_field"
    frame = await (await device("pat")).ask("typing", bookingId="1", typing=True, **forged)
    assert frame["problem"]["errors"][0]["code"] == "unknown_field"

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx

from tests.conftest import Cast, say


async def messages(answer: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    """The events of a stream: id and frame."""
    event_id = ""
    async for line in answer.aiter_lines():
        if line.startswith("id: "):
            event_id = line.removeprefix("id: ")
        elif line.startswith("data: "):
            yield event_id, json.loads(line.removeprefix("data: "))


def feed(who: httpx.AsyncClient, last: str = "") -> Any:
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
    return who.stream("GET", "/events", headers=headers)


async def test_a_feed_tells_what_comes(cast: Cast) -> None:
    async with asyncio.timeout(60), feed(cast.carol) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        heard = messages(answer)
        _, welcome = await anext(heard)
        sent = await say(cast.pat)
        event_id, event = await anext(heard)
    assert (welcome["type"], event["data"]) == ("welcome", sent)
    assert event_id == f"{welcome['epoch']}.user.{event['position']}"


async def test_a_feed_resumes_after_its_last_event(cast: Cast) -> None:
    async with asyncio.timeout(60), feed(cast.carol) as answer:
        last, _ = await anext(messages(answer))
    missed = [await say(cast.pat, str(number)) for number in range(3)]
    async with asyncio.timeout(60), feed(cast.carol, last) as answer:
        heard = messages(answer)
        assert (await anext(heard))[1]["recovered"] is True
        assert [(await anext(heard))[1]["data"] for _ in range(3)] == missed


async def test_a_place_that_is_not_ours_is_not_recovered(cast: Cast) -> None:
    for last in ("nonsense", "a.user.1", "a.desk.1", "..", "a.user.99999999999999999999"):
        async with asyncio.timeout(60), feed(cast.carol, last) as answer:
            assert (await anext(messages(answer)))[1]["recovered"] is False


async def test_a_revoked_user_loses_the_feed(cast: Cast) -> None:
    async with asyncio.timeout(60), feed(cast.carol) as answer:
        heard = messages(answer)
        await anext(heard)
        await cast.plat.post("/platform/users/carol/revoke")
        assert [frame async for frame in heard] == []


async def test_the_eleventh_feed_ends_the_oldest(cast: Cast) -> None:
    async with asyncio.timeout(20), AsyncExitStack() as stack:
        first, *others = [messages(await stack.enter_async_context(feed(cast.pat))) for _ in range(11)]
        assert [frame["type"] async for _, frame in first] == ["welcome"]
        for heard in others:
            assert (await anext(heard))[1]["type"] == "welcome"
        sent = await say(cast.carol)
        assert [(await anext(heard))[1]["data"] for heard in others] == [sent] * 10

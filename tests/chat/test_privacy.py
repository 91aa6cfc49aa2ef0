from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.boundary.test_problems import check_problem
from tests.conftest import Cast, say

Open = Callable[..., Any]
ON = {"receipts": True, "typing": True, "presence": True}


async def switch(who: httpx.AsyncClient, **changed: bool) -> httpx.Response:
    etag = (await who.get("/me/privacy")).headers["etag"]
    answer = await who.put("/me/privacy", json=ON | changed, headers={"If-Match": etag})
    assert answer.status_code == 200
    return answer


async def test_everything_is_on_until_it_is_changed(cast: Cast) -> None:
    assert (await cast.pat.get("/me/privacy")).json() == ON | {"version": 0}
    changed = await switch(cast.pat, typing=False)
    read = await cast.pat.get("/me/privacy")
    assert changed.json() == read.json() == {"receipts": True, "typing": False, "presence": True, "version": 1}
    assert changed.headers["etag"] == read.headers["etag"]
    assert (await switch(cast.pat, typing=False)).headers["etag"] == read.headers["etag"]
    assert (await cast.carol.get("/me/privacy")).json() == ON | {"version": 0}


async def test_a_change_needs_the_tag_of_what_was_read(cast: Cast) -> None:
    first = (await cast.pat.get("/me/privacy")).headers["etag"]
    check_problem(await cast.pat.put("/me/privacy", json=ON), 428, "precondition_required")
    await switch(cast.pat, receipts=False)
    stale = await cast.pat.put("/me/privacy", json=ON, headers={"If-Match": first})
    check_problem(stale, 412, "precondition_failed")
    assert (await cast.pat.get("/me/privacy", headers={"If-None-Match": first})).json()["receipts"] is False


@pytest.mark.parametrize("body", [{}, {"receipts": True, "typing": True}, ON | {"userId": "carol"}, ON | {"typing": 0}])
async def test_all_switches_are_sent_and_nothing_else(cast: Cast, body: Any) -> None:
    answer = await cast.pat.put("/me/privacy", json=body, headers={"If-Match": "*"})
    check_problem(answer, 400, "invalid_request")


async def test_without_typing_others_do_not_hear_that_one_writes(cast: Cast, device: Open) -> None:
    carol = await device("carol")
    await switch(cast.pat, typing=False)
    assert (await cast.pat.post("/chat/booking/1/typing", json={"typing": True})).status_code == 204
    sent = await say(cast.pat)
    assert (await carol.event())["data"] == sent


async def test_without_receipts_others_do_not_learn_what_one_has_read(cast: Cast, device: Open) -> None:
    pat, carol = await device("pat"), await device("carol")
    await say(cast.pat)
    await switch(cast.carol, receipts=False)
    read = await cast.carol.post("/chat/messages/read", json={"bookingId": "1", "seq": 1})
    assert (read.json(), (await cast.carol.get("/chat/unread-count")).json()["total"]) == ({"unread": 0}, 0)
    assert [(await carol.event())["type"] for _ in range(2)] == ["message.created", "messages.read"]
    await say(cast.pat, "last")
    heard: list[Any] = []
    while not heard or heard[-1]["data"].get("text") != "last":
        heard.append(await pat.event())
    assert "messages.read" not in {event["type"] for event in heard}
    assert await read_by(cast) == ([], [])
    await switch(cast.carol)
    assert await read_by(cast) == (["carol"], ["carol"])


async def read_by(cast: Cast) -> tuple[list[str], list[str]]:
    """Of the room's first message, by whom it was read and to whom it was delivered."""
    first = (await cast.pat.get("/chat/booking/1/history")).json()["items"][0]
    return first["readBy"], first["deliveredTo"]


async def test_without_presence_one_looks_as_if_never_seen(cast: Cast, device: Open) -> None:
    carol, _ = await device("carol"), await device("pat")
    assert (await carol.presence())["online"] is True
    await switch(cast.pat, presence=False)
    hidden = {"id": "pat", "online": False, "lastSeenAt": None}
    assert await carol.presence() == hidden
    assert (await cast.carol.get("/chat/booking/1/online-status")).json()["users"][1] == hidden
    await switch(cast.pat)
    assert (await carol.presence())["online"] is True


async def test_who_hides_comes_without_a_word(cast: Cast, device: Open) -> None:
    await switch(cast.pat, presence=False)
    carol, otto = await device("carol"), await device("otto")
    await device("pat")
    await device("olga")
    # When this is told, it has been noted that pat is here.
    assert (await otto.presence())["id"] == "olga"
    await switch(cast.pat)
    shown = await carol.presence()
    assert (shown["id"], shown["online"]) == ("pat", True)
    await switch(cast.pat, presence=False)
    assert (await carol.presence())["online"] is False

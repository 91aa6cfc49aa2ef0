from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Cast, say

Open = Callable[..., Any]


def draft(text: str = "Hi", client_id: str = "c-1", **fields: Any) -> dict[str, Any]:
    return {"bookingId": "1", "message": {"text": text, "clientMessageId": client_id, **fields}}


async def test_an_ack_carries_the_stored_message(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    ack = await pat.ask("message.send", **draft())
    assert ack["type"] == "ack"
    assert (await cast.carol.get("/chat/booking/1/history")).json()["items"] == [ack["result"]]


async def test_a_frame_sent_again_answers_the_first_message(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    first = await pat.ask("message.send", **draft())
    again = await pat.ask("message.send", **draft("Another"))
    assert again["result"] == first["result"]
    assert first["result"] == await say(cast.pat, clientMessageId="c-1")


async def test_reading_over_the_socket_tells_the_sender(cast: Cast, device: Open) -> None:
    await say(cast.pat)
    pat, carol = await device("pat"), await device("carol")
    assert (await carol.ask("messages.read", bookingId="1", seq=1))["result"] == {"unread": 0}
    event = await pat.event()
    assert (event["type"], event["data"]) == (
        "messages.read",
        {"bookingId": "1", "userId": "carol", "seq": 1, "unread": 0},
    )


@pytest.mark.parametrize(
    ("kind", "fields", "code", "pointer"),
    [
        ("message.send", {"bookingId": "1", "message": {"text": "Hi"}}, "invalid_request", "/message/clientMessageId"),
        ("message.send", draft(senderId="carol"), "invalid_request", "/message/senderId"),
        ("message.send", draft(seq=7), "invalid_request", "/message/seq"),
        ("message.send", draft("x" * 1001), "invalid_request", "/text"),
        ("message.send", draft() | {"bookingId": "2"}, "not_found", None),
        ("messages.read", {}, "invalid_request", None),
        ("ping", {"more": 1}, "invalid_request", "/more"),
        ("nothing", {}, "invalid_request", "/type"),
        ("hello", {"token": "nonsense"}, "invalid_token", None),
    ],
)
async def test_a_wrong_frame_gets_its_problem(
    cast: Cast, device: Open, kind: str, fields: Any, code: str, pointer: str | None
) -> None:
    pat = await device("pat")
    answer = await pat.ask(kind, **fields)
    assert (answer["type"], answer["problem"]["code"]) == ("error", code)
    assert [error["pointer"] for error in answer["problem"].get("errors", [])] == ([pointer] if pointer else [])
    assert (await pat.ask("ping"))["type"] == "ack"


async def test_what_is_no_frame_at_all_ends_in_1008(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    for bad in ("", "nonsense", "[]", '{"type": "ping"}', b"\x00\x01"):
        await pat.connection.send(bad)
    assert await pat.closed() == 1008


async def test_a_frame_of_more_than_64_kib_ends_in_1009(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    await pat.connection.send("x" * 65_537)
    assert await pat.closed() == 1009


async def test_nothing_but_hello_is_answered_before_hello(cast: Cast, device: Open) -> None:
    stranger = await device("pat", token="nonsense")
    assert stranger.welcome is None
    assert await stranger.closed() == 4401

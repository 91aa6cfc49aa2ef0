import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.chat import frames
from api.chat.location.routes import kinds as location_frames
from api.chat.location.types import LONGEST_SHARE_SECONDS
from api.chat.presence import queries as presence
from api.chat.presence import typing
from api.chat.presence.frames import kinds as typing_frames
from api.clock import system_clock
from api.limits import POLICIES
from api.live import feed, live, outgoing, socket, sockets, stream, wire
from tests.conftest import Cast, say

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs/developers/socket.md").read_text()
CLIENT = (ROOT / "docs/developers/porchlight-client.js").read_text()
KINDS = {**frames.kinds, **typing_frames(typing.Typists(system_clock)), **location_frames}
# Closes that the server's WebSocket library sends, and the one that a broken line looks like.
NOT_OURS = {1002, 1006, 1007, 1011}
LIMITS: dict[str, float] = {
    "seconds until the hello": live.HELLO_SECONDS,
    "sockets of a user, on each server process": live.SOCKETS_OF_A_USER,
    "feeds of a user, on each server process": live.FEEDS_OF_A_USER,
    "sockets without a hello from one address": live.UNKNOWN_SOCKETS_OF_AN_ADDRESS,
    "sockets without a hello from everywhere": live.UNKNOWN_SOCKETS,
    "bytes in a frame": wire.MAX_FRAME,
    "frames at once": socket.FRAMES_BURST,
    "frames in a second, in the long run": socket.FRAMES_RATE,
    f"messages in {POLICIES['send'].window} seconds": POLICIES["send"].quota,
    f"marks as read, and positions, in {POLICIES['write'].window} seconds": POLICIES["write"].quota,
    f"typing in {POLICIES['typing'].window} seconds": POLICIES["typing"].quota,
    "seconds that a position is shared": LONGEST_SHARE_SECONDS,
    "frames that are no JSON object with a `type` and an `id`": socket.BAD_FRAMES,
    "frames waiting for a slow client": outgoing.MOST_FRAMES,
    "bytes waiting for a slow client": outgoing.MOST_BYTES,
    "seconds that a client may stay behind": outgoing.SLOW_SECONDS,
    "events in one resume": stream.MOST_REPLAYED,
    "days that events are kept": stream.DAYS_KEPT,
}
SENTENCES = [
    f"within {live.HELLO_SECONDS:.0f} seconds",
    f'"pingIntervalSeconds": {wire.PING_SECONDS},',
    f'"maxFrameBytes": {wire.MAX_FRAME}\n',
    f"a random time up to {live.RECONNECT_MS // 1000} seconds",
    f"after {feed.KEEP_ALIVE_SECONDS:.0f} seconds without an event",
    f"{feed.MOST_WAITING} events behind",
    f"at most {sockets.TTL_MS // 1000} seconds",
    f'"expiresInMs": {typing.EXPIRES_MS}',
    f"within {typing.THROTTLE_MS // 1000} seconds are not passed on",
    f"has had none for {presence.GRACE_MS // 1000} seconds",
    f"of their {presence.ROOMS_TOLD} latest rooms",
]


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    lines = re.findall(r"^\| (.*) \|$", section(title), re.MULTILINE)[1:]
    return [line.split(" | ") for line in lines]


def example(kind: str) -> Any:
    found = [json.loads(block) for block in re.findall(r"^```json\n(\{\n.*?)^```", PAGE, re.MULTILINE | re.DOTALL)]
    return next(frame for frame in found if frame.get("type") == kind)


def shape(value: Any) -> Any:
    """The names in a JSON value, without what they hold."""
    if isinstance(value, dict):
        return {name: shape(held) for name, held in value.items()}
    return [shape(item) for item in value[:1]] if isinstance(value, list) else None


def test_the_page_has_a_row_for_every_close_and_the_reverse() -> None:
    told = {int(code): (reason, reconnect) for code, reason, reconnect in rows("Closing")}
    ours = {close.code: (close.reason, close.reconnect) for close in wire.CLOSES}
    assert {code: row for code, row in told.items() if code not in NOT_OURS} == ours
    assert told.keys() == ours.keys() | NOT_OURS


def test_every_close_of_the_code_is_in_the_catalogue() -> None:
    assert {close for close in vars(wire).values() if isinstance(close, wire.Close)} == set(wire.CLOSES)


def test_the_client_stays_away_where_the_page_says_never() -> None:
    found = re.search(r"const NEVER = new Set\(\[(.*)\]\);", CLIENT)
    never = {int(code) for code, _, reconnect in rows("Closing") if reconnect.startswith("never")}
    assert found is not None
    assert {int(code) for code in found[1].split(", ")} == never


def test_every_kind_of_event_is_described_and_the_reverse() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "api").rglob("*.py"))
    calls = re.findall(r"stream\.tell\((?:[^()]|\([^()]*\))*\)", sources)
    told = [re.search(r'"([a-z]+\.[a-z]+)"', call) for call in calls]
    assert len(calls) == sources.count("stream.tell(")
    described = re.findall(r"^### `(.*)`$", section("Events"), re.MULTILINE)
    assert {kind[1] for kind in told if kind} == set(described)
    assert len(calls) == len([kind for kind in told if kind])


def test_every_passing_event_is_shown_and_the_reverse() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "api").rglob("*.py"))
    calls = re.findall(r"stream\.(?:whisper|passing)\((?:[^()]|\([^()]*\))*\)", sources)
    told = {kind for call in calls for kind in re.findall(r'"([a-z]+)"', call)}
    assert len(calls) == sources.count("stream.whisper(") + sources.count("stream.passing(")
    described = re.findall(r"^`([a-z]+)`: ", section("Events"), re.MULTILINE)
    assert told == set(described) - {"mode", "restarting"} == {"typing", "presence", "location"}


def test_every_other_frame_that_is_sent_is_shown() -> None:
    sent = {frame.__struct_config__.tag for frame in wire.ANSWERS}
    assert sent == {"welcome", "ack", "error", "mode", "restarting"}
    for kind in sent:
        assert re.search(rf'^ *{{?"type": "{kind}"', PAGE, re.MULTILINE), kind


def test_every_frame_that_is_taken_is_described_and_the_reverse() -> None:
    assert {row[0].strip("`") for row in rows("Asking")} == {"hello", "ping", *KINDS}


def test_the_limits_are_those_of_the_code() -> None:
    assert {row[0]: float(row[1]) for row in rows("Limits")} == LIMITS


@pytest.mark.parametrize("sentence", SENTENCES)
def test_numbers_in_sentences_are_those_of_the_code(sentence: str) -> None:
    assert sentence in PAGE


async def test_the_examples_have_the_fields_that_are_sent(cast: Cast, device: Callable[..., Any]) -> None:
    await say(cast.pat)
    await cast.carol.post("/chat/messages/read", json={"bookingId": "1", "seq": 1})
    for change in ({"method": "PATCH", "json": {"text": "Hi"}}, {"method": "DELETE"}):
        await cast.pat.request(url=f"/chat/messages/{(await say(cast.pat))['id']}", **change)
    at_the_start = (await cast.pat.get("/events")).json()
    answer = await cast.pat.get("/events", params={"since": 0, "epoch": at_the_start["epoch"]})
    events = answer.json()["events"]
    kinds = {"conversation.updated", "message.created", "message.edited", "message.deleted", "messages.read"}
    assert {event["type"] for event in events} == kinds
    events += await passing_events(cast, device)
    for frame in [*(event for event in events if event["data"]), (await device("pat")).welcome]:
        assert shape(example(frame["type"])) == shape(frame)


async def passing_events(cast: Cast, device: Callable[..., Any]) -> list[Any]:
    carol, pat = await device("carol"), await device("pat")
    await carol.presence()
    await pat.ask("typing", bookingId="1", typing=True)
    await pat.ask("location", bookingId="1", latitude=1, longitude=1)
    await say(cast.carol)
    events = [await carol.event() for _ in range(3)]
    while events[-1]["type"] != "messages.delivered":
        events.append(await carol.event())
    there = (await cast.carol.get("/chat/booking/1/online-status")).json()["users"][0]
    return [*events, {"type": "presence", "at": events[0]["at"], "data": there}]


async def test_the_error_example_is_what_is_sent(cast: Cast, device: Callable[..., Any]) -> None:
    pat = await device("pat")
    draft = {"text": " ", "clientMessageId": "a1"}
    error = await pat.ask("message.send", bookingId="1", message=draft)
    changing = {"type", "requestId"}
    sent, told = error["problem"], example("error")["problem"]
    assert {name: sent[name] for name in sent.keys() - changing} == {
        name: told[name] for name in told.keys() - changing
    }


async def test_devices_and_events_look_as_on_the_page(cast: Cast, device: Callable[..., Any]) -> None:
    await device("pat")
    listed = section("Your devices").partition("```json")[2].partition("```")[0]
    assert shape(json.loads(listed)) == shape((await cast.pat.get("/me/sockets")).json())
    told = re.search(r"^\{\"epoch.*$", section("Without a socket"), re.MULTILINE)
    answer: httpx.Response = await cast.pat.get("/events")
    assert told is not None
    assert shape(json.loads(told[0])) == shape(answer.json())

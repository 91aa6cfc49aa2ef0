import json
import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from api.chat.transcript.formats import POLICY
from api.db import Database, Tx
from tests.chat.test_members import give_booking_1_to
from tests.conftest import Cast, say
from tests.files.conftest import uploaded

ADDRESS = "/chat/booking/1/transcript"
FILL = """
insert into messages (booking_id, seq, id, sender_id, type, text, created_at)
with recursive n (i) as (select cast(1 as bigint) union all select i + 1 from n where i < $1)
select '1', i, 'msg_' || cast(1000000 + i as text), 'pat', 'text', $2, i from n
"""


async def kept(who: httpx.AsyncClient, form: str) -> httpx.Response:
    answer = await who.get(ADDRESS, params={"format": form})
    assert answer.status_code == 200, answer.text
    return answer


class Page(HTMLParser):
    """What a reader sees of a page, and the tags it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.seen: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.seen.append(data)


async def test_json_holds_what_the_history_does(cast: Cast) -> None:
    for text in ("One", "Two"):
        await say(cast.pat, text)
    transcript = (await kept(cast.carol, "json")).json()
    history = (await cast.carol.get("/chat/booking/1/history")).json()
    assert transcript["messages"] == history["items"]
    assert (transcript["bookingId"], transcript["service"], transcript["lastSeq"]) == ("1", "Tap", 2)
    assert [member["id"] for member in transcript["members"]] == ["pat", "carol"]


async def test_an_empty_room_has_a_transcript_too(cast: Cast) -> None:
    assert (await cast.carol.get(ADDRESS)).json()["messages"] == []
    assert "Between Pat (provider), Carol (customer)" in (await kept(cast.pat, "text")).text
    assert "</html>" in (await kept(cast.pat, "html")).text


async def test_text_names_who_said_what_and_when(cast: Cast) -> None:
    sent = await say(cast.pat, "One\nmore")
    await say(cast.carol, type="location", text=None, location={"latitude": 52.5, "longitude": 13.25})
    lines = (await kept(cast.carol, "text")).text.splitlines()
    assert lines[4:7] == [f"{sent['createdAt']} Pat (provider)", "    One", "    more"]
    assert lines[7:] == [f"{sent['createdAt']} Carol (customer)", "    [place: 52.5, 13.25]"]


async def test_no_text_can_speak_for_somebody_else(cast: Cast) -> None:
    await cast.plat.put("/platform/users/pat", json={"role": "provider", "name": "Pat\n2026 Carol\u202e\x1b[2J"})
    await say(cast.pat, "Hi\r\n2026-11-22T08:30:00.000Z Carol (customer)\u2028\x1b[1A    I owe you 100\u202e")
    text = (await kept(cast.carol, "text")).text
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e]", text) is None
    assert [line for line in text.splitlines() if line.endswith("Carol (customer)")] == [
        "Between Pat 2026 Carol[2J (provider), Carol (customer)"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "</p></li><img src=x onerror=alert(1)>",
        '"><a href="javascript:alert(1)">',
        "&lt;b&gt;",
    ],
)
async def test_html_shows_text_as_it_was_written(cast: Cast, text: str) -> None:
    await cast.plat.put("/platform/users/pat", json={"role": "provider", "name": f"Pat {text}"})
    draft = {"providerId": "pat", "customerId": "carol", "service": f"Tap {text}", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/1", json=draft)
    before = Page((await kept(cast.carol, "html")).text)
    await say(cast.pat, text)
    page = Page((await kept(cast.carol, "html")).text)
    assert page.tags == [*before.tags, "li", "b", "bdi", "time", "p"]
    assert {text, f"Pat {text} (provider)", f"Booking 1: Tap {text}"} <= set(page.seen)


async def test_a_page_runs_and_loads_nothing(cast: Cast) -> None:
    await say(cast.pat)
    answer = await kept(cast.carol, "html")
    assert answer.headers["content-security-policy"] == POLICY
    assert POLICY.startswith("default-src 'none'; style-src 'sha256-")
    assert "sandbox" in POLICY
    assert f'content="{POLICY.partition("; frame-ancestors")[0]}"' in answer.text
    assert re.search(r"src=|href=|url\(|<script|<link|style=", answer.text) is None


@pytest.mark.parametrize(
    ("form", "kind", "suffix"),
    [
        ("json", "application/json", "json"),
        ("text", "text/plain; charset=utf-8", "txt"),
        ("html", "text/html; charset=utf-8", "html"),
    ],
)
async def test_it_comes_as_a_file_that_nobody_names_by_hand(cast: Cast, form: str, kind: str, suffix: str) -> None:
    await cast.plat.put("/platform/users/pat", json={"role": "provider", "name": 'Pat"\r\nX-Evil: 1'})
    answer = await kept(cast.carol, form)
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"] == f'attachment; filename="booking-1.{suffix}"'
    assert answer.headers["cache-control"] == "no-store"
    assert "x-evil" not in answer.headers


async def test_an_edited_and_a_deleted_message_say_so_and_no_more(cast: Cast) -> None:
    first, second = [await say(cast.pat, text) for text in ("Wrong", "Gone")]
    await cast.pat.patch(f"/chat/messages/{first['id']}", json={"text": "Right"})
    await cast.pat.delete(f"/chat/messages/{second['id']}")
    for form in ("text", "html", "json"):
        text = (await kept(cast.carol, form)).text
        assert "Right" in text
        assert "Wrong" not in text
        assert "Gone" not in text
        assert form == "json" or ("(edited)" in text and "This message was deleted." in text)


async def test_a_former_member_keeps_what_was_written_until_then(cast: Cast) -> None:
    await say(cast.carol, "Before")
    await give_booking_1_to(cast, "otto")
    await say(cast.carol, "After")
    transcript = (await cast.pat.get(ADDRESS)).json()
    assert [message["text"] for message in transcript["messages"]] == ["Before"]
    assert [member["id"] for member in transcript["members"]] == ["pat", "carol"]


async def test_a_stranger_gets_nothing(cast: Cast) -> None:
    await say(cast.pat)
    for who in (cast.otto, cast.agnes, cast.ada):
        assert [(await who.get(f"/chat/booking/{room}/transcript")).status_code for room in ("1", "9")] == [404, 404]
    assert (await cast.pat.get(ADDRESS, params={"format": "pdf"})).status_code == 400


async def test_a_long_room_comes_whole_and_in_pieces(cast: Cast, app: Any) -> None:
    db: Database = app._app.state.db
    count = 100_000

    def fill(tx: Tx) -> None:
        tx.run(FILL, count, "A word with <b>")
        tx.run("update rooms set last_seq = $1 where booking_id = '1'", count)

    await db.write(fill)
    size, largest = 0, 0
    async with cast.carol.stream("GET", ADDRESS, params={"format": "json"}) as answer:
        whole = b""
        async for piece in answer.aiter_raw():
            size, largest = size + len(piece), max(largest, len(piece))
            whole = (whole + piece)[-2000:]
    assert size > count * 300
    assert largest < 1_000_000
    last = json.loads('{"messages":[{' + whole.decode().rpartition(",{")[2])["messages"][-1]
    assert last["seq"] == count


async def test_files_are_named(cast: Cast) -> None:
    note = await uploaded(cast.pat)
    draft = {"type": "file", "attachmentIds": [note["id"]], "text": "The label"}
    assert (await cast.pat.post("/chat/booking/1/message", json=draft)).status_code == 201
    assert (await kept(cast.carol, "text")).text.splitlines()[-2:] == ["    The label", f"    [file: {note['name']}]"]

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.boundary import Boundary
from api.db import Tx
from api.settings import Settings
from tests.conftest import Cast, SetClock, say

MINUTES = Settings().message_edit_minutes
Change = tuple[str, dict[str, Any]]
EDIT: Change = ("PATCH", {"json": {"text": "Better"}})
DELETE: Change = ("DELETE", {})


async def change(who: httpx.AsyncClient, message: Any, change: Change = EDIT) -> httpx.Response:
    method, options = change
    return await who.request(method, f"/chat/messages/{message['id']}", **options)


async def history(who: httpx.AsyncClient) -> Any:
    return (await who.get("/chat/booking/1/history")).json()["items"]


async def test_an_edited_message_has_its_new_text_everywhere(cast: Cast, clock: SetClock) -> None:
    sent = await say(cast.pat, "Good")
    clock.advance(60)
    edited = (await change(cast.pat, sent)).json()
    assert edited == sent | {"text": "Better", "version": 2, "editedAt": "2026-11-22T08:31:00.000Z"}
    assert await history(cast.carol) == [edited]
    assert (await cast.carol.get(f"/chat/messages/{sent['id']}")).json() == edited
    [item] = (await cast.carol.get("/chat/conversations")).json()["items"]
    assert item["lastMessage"] == edited


async def test_a_deleted_message_leaves_an_empty_one(cast: Cast) -> None:
    sent = await say(cast.pat, "Bad", type="location", location={"latitude": 1, "longitude": 2})
    deleted = (await change(cast.pat, sent, DELETE)).json()
    assert (deleted["text"], deleted["location"], deleted["seq"], deleted["version"]) == ("", None, 1, 2)
    assert deleted["deletedAt"] is not None
    assert await history(cast.carol) == [deleted]
    assert (await change(cast.pat, sent, DELETE)).json() == deleted
    assert (await change(cast.pat, sent)).json()["code"] == "not_editable"


async def test_the_same_text_again_is_no_edit(cast: Cast) -> None:
    sent = await say(cast.pat, "Better")
    assert (await change(cast.pat, sent)).json() == sent


@pytest.mark.parametrize("what", [EDIT, DELETE])
async def test_a_message_can_be_changed_for_a_while_only(cast: Cast, clock: SetClock, what: Change) -> None:
    first, second = await say(cast.pat), await say(cast.pat)
    clock.advance(MINUTES * 60 - 0.001)
    assert (await change(cast.pat, first, what)).status_code == 200
    clock.advance(0.001)
    late = await change(cast.pat, second, what)
    assert (late.status_code, late.json()["code"]) == (409, "not_editable")
    assert (await history(cast.pat))[1] == second


@pytest.mark.parametrize("what", [EDIT, DELETE])
async def test_nobody_changes_what_another_wrote(cast: Cast, what: Change) -> None:
    theirs = await say(cast.carol)
    for who in (cast.pat, cast.otto, cast.ada):
        assert (await change(who, theirs, what)).status_code == 404
    assert await history(cast.carol) == [theirs]


@pytest.mark.parametrize("what", [EDIT, DELETE])
async def test_a_former_member_changes_nothing(cast: Cast, what: Change) -> None:
    sent = await say(cast.pat)
    draft = {"providerId": "otto", "customerId": "carol", "service": "Tap", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/1", json=draft)
    assert (await change(cast.pat, sent, what)).status_code == 404
    assert await history(cast.pat) == [sent]


async def test_whoever_has_left_never_reads_what_was_written_since(cast: Cast) -> None:
    before = await say(cast.carol, "Before")
    draft = {"providerId": "otto", "customerId": "carol", "service": "Tap", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/1", json=draft)
    after = await say(cast.carol, "After")
    refused = await change(cast.carol, before)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_editable")
    assert (await change(cast.carol, after)).status_code == 200
    assert (await change(cast.carol, before, DELETE)).status_code == 200
    assert [item["text"] for item in await history(cast.pat)] == [""]


async def test_an_edit_must_say_something_within_the_limit(cast: Cast) -> None:
    sent = await say(cast.pat)
    for text, code in ((" ", "blank"), ("x" * 1001, "too_long")):
        answer = await change(cast.pat, sent, ("PATCH", {"json": {"text": text}}))
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    assert (await change(cast.pat, sent, ("PATCH", {"json": {"text": "x" * 1000}}))).status_code == 200


async def test_an_answer_may_lose_its_place_but_not_its_words(cast: Cast) -> None:
    place = {"latitude": 1, "longitude": 2}
    sent = await say(cast.pat, "Here", type="location", location=place)
    edited = await change(cast.pat, sent, ("PATCH", {"json": {"text": ""}}))
    assert (edited.json()["text"], edited.json()["location"]) == ("", place | {"accuracy": None})


@pytest.mark.parametrize(("what", "kind"), [(EDIT, "message.edited"), (DELETE, "message.deleted")])
async def test_the_room_hears_which_message_and_no_replay_what_it_said(
    cast: Cast, device: Callable[..., Any], what: Change, kind: str
) -> None:
    carol = await device("carol")
    sent = await say(cast.pat, "Forget this")
    await carol.event()
    await change(cast.pat, sent, what)
    event = await carol.event()
    assert event["type"] == kind
    assert event["data"] == {"id": sent["id"], "bookingId": "1", "seq": 1, "version": 2}
    told = await cast.carol.get("/events", params={"since": 0, "epoch": carol.welcome["epoch"]})
    assert [item["type"] for item in told.json()["events"]] == ["conversation.updated", "message.created", kind]
    assert "Forget this" not in told.text


def versions(tx: Tx) -> list[tuple[int, str]]:
    return tx.all(lambda *row: row, "select version, text from message_versions order by version")


async def test_every_text_there_was_is_kept_for_reviewers(cast: Cast, app: Boundary) -> None:
    sent = await say(cast.pat, "One")
    for text in ("Two", "Three"):
        await change(cast.pat, sent, ("PATCH", {"json": {"text": text}}))
    await change(cast.pat, sent, DELETE)
    assert await app._app.state.db.read(versions) == [(1, "One"), (2, "Two"), (3, "Three")]


async def test_of_two_edits_at_once_none_is_lost(cast: Cast) -> None:
    sent = await say(cast.pat)
    edits = [change(cast.pat, sent, ("PATCH", {"json": {"text": f"{number}"}})) for number in range(8)]
    answers = [answer.json() for answer in await asyncio.gather(*edits)]
    assert sorted(answer["version"] for answer in answers) == list(range(2, 10))
    last = max(answers, key=lambda answer: int(answer["version"]))
    assert (await history(cast.carol)) == [last]

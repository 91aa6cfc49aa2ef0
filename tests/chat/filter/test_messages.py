"""What the filter does to messages on their way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from api.settings import Settings
from tests.conftest import Cast, SetClock, say

RULES = """
guard phone mask
guard email flag
guard messenger warn
word hold idiot
word reject crook
word mask damn
"""
PHONE = "Call me on 07700 900123"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    (tmp_path / "rules.txt").write_text(RULES)
    return msgspec.structs.replace(settings, filter_rules=str(tmp_path / "rules.txt"))


@pytest.fixture
async def requested(cast: Cast) -> None:
    await become(cast, "requested")


async def become(cast: Cast, status: str) -> None:
    draft = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": status}
    assert (await cast.plat.put("/platform/bookings/1", json=draft)).is_success


async def texts(who: httpx.AsyncClient) -> list[str]:
    items = (await who.get("/chat/booking/1/history")).json()["items"]
    return [item["text"] for item in items if item["type"] == "text"]


async def places(who: httpx.AsyncClient) -> list[Any]:
    return [item["location"] for item in (await who.get("/chat/booking/1/history")).json()["items"]]


async def waiting(cast: Cast) -> list[Any]:
    return list((await cast.agnes.get("/desk/messages/held")).json()["items"])


async def decide(cast: Cast, what: str) -> httpx.Response:
    [held] = await waiting(cast)
    return await cast.agnes.post(f"/desk/messages/held/{held['id']}/{what}")


async def found(cast: Cast) -> list[Any]:
    return list((await cast.ada.get("/desk/messages/filtered")).json()["items"])


@pytest.mark.usefixtures("requested")
async def test_a_telephone_number_is_masked_for_everybody_and_kept_for_reviewers(cast: Cast) -> None:
    sent = await say(cast.pat, PHONE)
    assert sent["text"] == "Call me on •••••"
    assert sent["warnings"] == [{"kind": "phone", "outcome": "mask", "start": 11, "end": 23}]
    assert await texts(cast.carol) == await texts(cast.pat) == ["Call me on •••••"]
    [kept] = await found(cast)
    assert (kept["text"], kept["shown"], kept["senderId"], kept["state"]) == (PHONE, sent["text"], "pat", "passed")


async def test_it_passes_once_the_booking_is_confirmed(cast: Cast) -> None:
    assert (await say(cast.pat, PHONE))["text"] == PHONE
    await become(cast, "requested")
    assert (await say(cast.pat, PHONE))["text"] != PHONE
    await become(cast, "confirmed")
    assert "warnings" not in (await say(cast.pat, PHONE))


@pytest.mark.usefixtures("requested")
async def test_a_warning_is_told_to_the_sender_and_a_flag_to_nobody_but_reviewers(
    cast: Cast, device: Callable[..., Any]
) -> None:
    carol = await device("carol")
    assert (await say(cast.pat, "WhatsApp me"))["warnings"][0]["kind"] == "messenger"
    assert "warnings" not in await say(cast.pat, "joe@example.com")
    for text in ("WhatsApp me", "joe@example.com"):
        event = await carol.event()
        assert (event["data"]["text"], "warnings" in event["data"]) == (text, False)
    assert [item["outcome"] for item in await found(cast)] == ["flag", "warn"]


async def test_a_repeated_client_id_answers_with_the_same_warnings(cast: Cast) -> None:
    first = await say(cast.pat, "damn", clientMessageId="a-1")
    assert first["warnings"]
    assert await say(cast.pat, "damn", clientMessageId="a-1") == first
    held = await say(cast.pat, "you idiot", clientMessageId="a-2")
    assert await say(cast.pat, "you idiot", clientMessageId="a-2") == held
    assert len(await found(cast)) == 2


async def test_a_held_message_says_nothing_to_others_until_it_is_released(cast: Cast) -> None:
    sent = await say(cast.pat, "you idiot, damn")
    assert (sent["seq"], sent["held"], sent["text"]) == (1, True, "you idiot, damn")
    assert (await say(cast.carol, "Hello?"))["seq"] == 2
    assert (await texts(cast.pat), await texts(cast.carol)) == (["you idiot, damn", "Hello?"], ["", "Hello?"])
    released = (await decide(cast, "release")).json()
    assert (released["state"], released["decidedBy"], await waiting(cast)) == ("released", "agnes", [])
    assert await texts(cast.carol) == ["you idiot, ••••", "Hello?"]
    message = (await cast.carol.get(f"/chat/messages/{sent['id']}")).json()
    assert (message["held"], message["version"], message["editedAt"]) == (False, 2, None)


async def test_only_what_everybody_may_read_is_found(cast: Cast) -> None:
    async def hits(q: str) -> list[str]:
        return [item["text"] for item in (await cast.carol.get("/chat/search", params={"q": q})).json()["items"]]

    await say(cast.pat, "you idiot, damn")
    assert [await hits(q) for q in ("you", "damn")] == [[], []]
    await decide(cast, "release")
    assert [await hits(q) for q in ("you", "damn")] == [["you idiot, ••••"], []]


async def test_nobody_hears_what_is_held_but_the_other_devices_of_its_sender(
    cast: Cast, device: Callable[..., Any]
) -> None:
    pat, carol = await device("pat"), await device("carol")
    sent = await say(cast.pat, "you idiot", type="location", location={"latitude": 1, "longitude": 2})
    mine, theirs = (await pat.event())["data"], (await carol.event())["data"]
    assert (mine["text"], mine["location"]["latitude"]) == ("you idiot", 1)
    assert (theirs["id"], theirs["seq"], theirs["held"]) == (sent["id"], 1, True)
    assert (theirs["text"], theirs["location"]) == ("", None)
    assert await places(cast.carol) == [None]
    await decide(cast, "release")
    for listener in (pat, carol):
        event = await listener.event()
        assert (event["type"], event["data"]["version"]) == ("message.edited", 2)
    assert await places(cast.carol) == [sent["location"]]


async def test_the_conversation_shows_a_held_message_to_its_sender_only(cast: Cast) -> None:
    await say(cast.pat, "you idiot")
    last = [
        (await who.get("/chat/conversations")).json()["items"][0]["lastMessage"]["text"]
        for who in (cast.pat, cast.carol)
    ]
    assert last == ["you idiot", ""]


async def test_the_file_of_a_held_message_is_its_senders_until_it_is_released(cast: Cast) -> None:
    uploaded = await cast.pat.post("/files", data={"purpose": "chat"}, files={"file": ("note.txt", b"A note.")})
    file = uploaded.json()["id"]
    await say(cast.pat, "for the idiot", type="file", attachmentIds=[file])
    [theirs] = (await cast.carol.get("/chat/booking/1/history")).json()["items"]
    assert (theirs["attachments"], (await cast.carol.get(f"/files/{file}")).status_code) == ([], 404)
    assert (await cast.pat.get(f"/files/{file}")).status_code == 200
    await decide(cast, "release")
    assert (await cast.carol.get(f"/files/{file}")).status_code == 200


async def test_a_message_that_is_rejected_by_an_agent_leaves_an_empty_one(cast: Cast) -> None:
    sent = await say(cast.pat, "you idiot")
    assert (await decide(cast, "reject")).json()["state"] == "rejected"
    for who in (cast.pat, cast.carol):
        message = (await who.get(f"/chat/messages/{sent['id']}")).json()
        assert (message["text"], message["held"], message["deletedAt"] is None) == ("", False, False)
    assert [item["text"] for item in await found(cast)] == ["you idiot"]


async def test_a_decision_is_made_once(cast: Cast) -> None:
    await say(cast.pat, "you idiot")
    [held] = await waiting(cast)
    assert (await decide(cast, "release")).status_code == 200
    answer = await cast.agnes.post(f"/desk/messages/held/{held['id']}/reject")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_held")
    assert await texts(cast.carol) == ["you idiot"]


@pytest.mark.parametrize("text", ["A better text", "still you idiot"])
async def test_who_edits_a_held_message_takes_the_old_text_back(cast: Cast, text: str) -> None:
    sent = await say(cast.pat, "you idiot")
    edited = (await cast.pat.patch(f"/chat/messages/{sent['id']}", json={"text": text})).json()
    assert (edited["text"], edited["held"], edited["version"]) == (text, "idiot" in text, 2)
    assert [item["text"] for item in await waiting(cast)] == [text] * edited["held"]
    assert await texts(cast.carol) == ["" if edited["held"] else text]


async def test_who_deletes_a_held_message_leaves_nothing_to_decide(cast: Cast) -> None:
    sent = await say(cast.pat, "you idiot")
    assert (await cast.pat.delete(f"/chat/messages/{sent['id']}")).json()["text"] == ""
    assert await waiting(cast) == []
    assert [item["state"] for item in await found(cast)] == ["withdrawn"]


async def test_an_edit_is_filtered_like_a_message(cast: Cast) -> None:
    sent = await say(cast.pat, "Hello")
    edited = (await cast.pat.patch(f"/chat/messages/{sent['id']}", json={"text": "damn you"})).json()
    assert (edited["text"], edited["warnings"][0]["kind"]) == ("•••• you", "word")
    held = (await cast.pat.patch(f"/chat/messages/{sent['id']}", json={"text": "you idiot"})).json()
    assert (held["held"], await texts(cast.carol)) == (True, [""])


async def test_a_rejected_text_stores_nothing_and_says_where(cast: Cast, clock: SetClock) -> None:
    answer = await cast.pat.post("/chat/booking/1/message", json={"text": "You crook!"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "text_rejected")
    assert problem["errors"] == [
        {"pointer": "/text", "code": "word", "message": "is not allowed from character 4 to 9"}
    ]
    sent = await say(cast.pat, "You")
    assert (sent["seq"], await found(cast)) == (1, [])
    answer = await cast.pat.patch(f"/chat/messages/{sent['id']}", json={"text": "You crook!"})
    assert (answer.json()["code"], await texts(cast.pat)) == ("text_rejected", ["You"])


@pytest.mark.usefixtures("cast")
async def test_the_socket_filters_as_rest_does(device: Callable[..., Any]) -> None:
    pat = await device("pat")
    refused, masked = [
        await pat.ask("message.send", bookingId="1", message={"text": text, "clientMessageId": text})
        for text in ("crook", "damn")
    ]
    assert refused["problem"]["code"] == "text_rejected"
    assert (masked["result"]["text"], masked["result"]["seq"]) == ("••••", 1)


async def test_only_the_desk_sees_what_is_held_and_only_admins_all_that_was_found(cast: Cast) -> None:
    await say(cast.pat, "you idiot")
    for path, allowed in (("held", {"agnes", "ada"}), ("filtered", {"ada"})):
        for name in ("pat", "carol", "agnes", "ada", "plat"):
            answer = await getattr(cast, name).get(f"/desk/messages/{path}")
            assert answer.status_code == (200 if name in allowed else 403)


async def test_both_lists_are_read_page_by_page(cast: Cast) -> None:
    for number in range(3):
        await say(cast.pat, f"idiot {number}")
    for who, path, order in ((cast.agnes, "held", [0, 1, 2]), (cast.ada, "filtered", [2, 1, 0])):
        first = (await who.get(f"/desk/messages/{path}?limit=2")).json()
        second = (await who.get(f"/desk/messages/{path}?limit=2&cursor={first['page']['next']}")).json()
        items = first["items"] + second["items"]
        assert [item["text"] for item in items] == [f"idiot {number}" for number in order]
        assert second["page"]["next"] is None


async def test_what_is_held_is_found_by_its_words_only_after_its_release(cast: Cast) -> None:
    await say(cast.pat, "an idiot on the ladder")

    async def hits() -> list[int]:
        answers = [await who.get("/chat/search?q=ladder") for who in (cast.pat, cast.carol)]
        return [len(answer.json()["items"]) for answer in answers]

    assert await hits() == [0, 0]
    await decide(cast, "release")
    assert await hits() == [1, 1]


async def test_a_transcript_says_that_something_is_held(cast: Cast) -> None:
    await say(cast.pat, "an idiot on the ladder")
    pages = [(await who.get("/chat/booking/1/transcript?format=text")).text for who in (cast.pat, cast.carol)]
    assert ["ladder" in page for page in pages] == [True, False]
    assert "This message is being checked." in pages[1]


async def test_a_quick_response_is_filtered_like_a_message(cast: Cast) -> None:
    answers = [
        await cast.pat.post("/chat/booking/1/quick-response", json={"key": "custom", "text": text})
        for text in ("You crook", "damn tap")
    ]
    assert (answers[0].json()["code"], answers[1].json()["text"]) == ("text_rejected", "•••• tap")


async def test_what_the_desk_says_is_not_filtered(cast: Cast) -> None:
    await become(cast, "disputed")
    assert (await cast.agnes.post("/chat/booking/1/members", json={"userId": "agnes"})).is_success
    assert (await say(cast.agnes, "He said crook"))["text"] == "He said crook"

from typing import Any

import httpx
import pytest

from tests.conftest import Cast, say
from tests.files.conftest import uploaded


async def sent(who: httpx.AsyncClient, kind: str, *ids: str, **fields: Any) -> httpx.Response:
    draft = {"type": kind, "attachmentIds": list(ids), **fields}
    return await who.post("/chat/booking/1/message", json=draft)


async def test_a_file_hangs_on_its_message(cast: Cast) -> None:
    note = await uploaded(cast.pat)
    message = (await sent(cast.pat, "file", note["id"], text="The label")).json()
    [file] = message["attachments"]
    assert (message["type"], message["text"], file["id"], file["size"]) == ("file", "The label", note["id"], 47)


async def test_every_reader_gets_an_address_that_opens(cast: Cast) -> None:
    note = await uploaded(cast.pat)
    await sent(cast.pat, "file", note["id"])
    [message] = (await cast.carol.get("/chat/booking/1/history")).json()["items"]
    [item] = (await cast.carol.get("/chat/conversations")).json()["items"]
    for found in (message, item["lastMessage"]):
        url = cast.anon.base_url.join(found["attachments"][0]["url"])
        assert (await cast.anon.get(url)).status_code == 200


async def test_what_the_room_hears_opens_with_a_token_of_its_members_only(cast: Cast) -> None:
    note = await uploaded(cast.pat)
    await sent(cast.pat, "file", note["id"])
    epoch = (await cast.carol.get("/events")).json()["epoch"]
    told = (await cast.carol.get("/events", params={"since": 0, "epoch": epoch})).json()["events"][-1]
    url = cast.anon.base_url.join(told["data"]["attachments"][0]["url"])
    answers = [(await who.get(url)).status_code for who in (cast.carol, cast.otto, cast.anon)]
    assert answers == [200, 404, 401]


async def test_files_are_gone_with_their_message(cast: Cast) -> None:
    note = await uploaded(cast.pat)
    message = (await sent(cast.pat, "file", note["id"])).json()
    deleted = (await cast.pat.delete(f"/chat/messages/{message['id']}")).json()
    assert deleted["attachments"] == []
    for who in (cast.pat, cast.carol):
        assert (await who.get(f"/files/{note['id']}")).status_code == 404


async def test_only_ones_own_loose_files_can_be_sent(cast: Cast) -> None:
    theirs, ticket = await uploaded(cast.carol), await uploaded(cast.pat, purpose="ticket")
    used = await uploaded(cast.pat)
    assert (await sent(cast.pat, "file", used["id"])).status_code == 201
    for file_id in (theirs["id"], ticket["id"], used["id"], "file_never"):
        assert (await sent(cast.pat, "file", file_id)).status_code == 404
    assert (await say(cast.pat))["seq"] == 2


async def test_a_repeat_answers_the_message_with_its_file(cast: Cast) -> None:
    note = await uploaded(cast.pat)
    first = (await sent(cast.pat, "file", note["id"], clientMessageId="a-1")).json()
    assert (await sent(cast.pat, "file", note["id"], clientMessageId="a-1")).json() == first


@pytest.mark.parametrize("kind", ["image", "voice"])
async def test_a_text_is_neither_an_image_nor_a_voice(cast: Cast, kind: str) -> None:
    note = await uploaded(cast.pat)
    answer = await sent(cast.pat, kind, note["id"])
    assert answer.json()["errors"][0] | {"message": ""} == {
        "pointer": "/attachmentIds/0",
        "code": "wrong_type",
        "message": "",
    }
    assert (await sent(cast.pat, "file", note["id"])).status_code == 201

import io
import wave
from typing import Any

import httpx
import msgspec
import pytest

from api.chat.types import MOST_ATTACHMENTS
from api.settings import Settings
from tests.conftest import Cast, say
from tests.files.conftest import uploaded
from tests.files.pictures import photo

SECONDS = 10


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, voice_seconds=SECONDS, voice_size_limit=100_000)


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


def spoken(seconds: float) -> bytes:
    """A WAV of 8,000 bytes a second."""
    target = io.BytesIO()
    with wave.open(target, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(1)
        made.setframerate(8000)
        made.writeframes(bytes(round(8000 * seconds)))
    return target.getvalue()


async def test_an_image_shows_its_measures_and_a_small_one_of_itself(cast: Cast) -> None:
    picture = await uploaded(cast.pat, photo(1600, 1200), "tap.jpg")
    [image] = (await sent(cast.pat, "image", picture["id"])).json()["attachments"]
    assert (image["type"], image["width"], image["height"]) == ("image/jpeg", 1600, 1200)
    small = await cast.anon.get(cast.anon.base_url.join(image["thumbnailUrl"]))
    assert (small.status_code, len(small.content) < image["size"]) == (200, True)


async def test_several_images_keep_their_order(cast: Cast) -> None:
    pictures = [(await uploaded(cast.pat, photo(), f"{number}.jpg"))["id"] for number in range(MOST_ATTACHMENTS + 1)]
    answer = await sent(cast.pat, "image", *pictures[:0:-1])
    assert [image["id"] for image in answer.json()["attachments"]] == pictures[:0:-1]
    assert (await sent(cast.pat, "image", *pictures)).json()["errors"][0]["pointer"] == "/attachmentIds"


async def test_a_voice_message_may_be_as_long_as_the_limit(cast: Cast) -> None:
    voice = await uploaded(cast.pat, spoken(SECONDS), "voice.wav")
    [sound] = (await sent(cast.pat, "voice", voice["id"])).json()["attachments"]
    assert sound["durationSeconds"] == SECONDS
    longer = await uploaded(cast.pat, spoken(SECONDS + 0.1), "voice.wav")
    answer = await sent(cast.pat, "voice", longer["id"])
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "too_long")
    assert (await sent(cast.pat, "file", longer["id"])).status_code == 201


async def test_a_voice_message_may_be_as_large_as_the_limit(cast: Cast, settings: Settings) -> None:
    for more, status in ((0, 201), (1, 400)):
        sound = spoken(1) + bytes(settings.voice_size_limit - len(spoken(1)) + more)
        voice = await uploaded(cast.pat, sound, "voice.wav")
        answer = await sent(cast.pat, "voice", voice["id"])
        assert (voice["size"] - more, answer.status_code) == (settings.voice_size_limit, status)
    assert answer.json()["errors"][0]["code"] == "too_large"


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

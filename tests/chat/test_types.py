from typing import Any

import httpx
import pytest

from tests.conftest import Cast, say


async def refused(who: httpx.AsyncClient, **draft: Any) -> tuple[int, str, str]:
    answer = await who.post("/chat/booking/1/message", json=draft)
    error = answer.json()["errors"][0]
    return answer.status_code, error["pointer"], error["code"]


async def test_a_place_comes_back_to_the_millionth_of_a_degree(cast: Cast) -> None:
    sent = await say(cast.pat, "Here", type="location", location={"latitude": 52.5200081, "longitude": -0.1276474})
    assert sent["location"] == {"latitude": 52.520008, "longitude": -0.127647, "accuracy": None}
    assert (await cast.carol.get("/chat/booking/1/history")).json()["items"] == [sent]


@pytest.mark.parametrize("latitude", [-90, 90])
@pytest.mark.parametrize("longitude", [-180, 180])
async def test_the_edges_of_the_earth_are_places(cast: Cast, latitude: int, longitude: int) -> None:
    place = {"latitude": latitude, "longitude": longitude, "accuracy": 0.5}
    answer = await cast.pat.post("/chat/booking/1/message", json={"type": "location", "location": place})
    assert (answer.status_code, answer.json()["location"], answer.json()["text"]) == (201, place, "")


@pytest.mark.parametrize(
    ("field", "value"), [("latitude", 90.000001), ("latitude", -91), ("longitude", 180.5), ("accuracy", -1)]
)
async def test_what_is_beyond_the_edges_is_no_place(cast: Cast, field: str, value: float) -> None:
    place = {"latitude": 1.0, "longitude": 2.0, field: value}
    assert await refused(cast.pat, type="location", location=place) == (400, f"/location/{field}", "invalid")


async def test_each_type_holds_what_belongs_to_it(cast: Cast) -> None:
    place = {"latitude": 1, "longitude": 2}
    assert await refused(cast.pat) == (400, "/text", "required")
    assert await refused(cast.pat, type="location") == (400, "/location", "required")
    assert await refused(cast.pat, text="Hi", location=place) == (400, "/location", "misplaced")
    assert await refused(cast.pat, text="Hi", attachmentIds=["a"]) == (400, "/attachmentIds", "misplaced")
    for kind in ("image", "file", "voice"):
        assert await refused(cast.pat, type=kind, text="Hi") == (400, "/attachmentIds", "required")
    assert await refused(cast.pat, type="voice", attachmentIds=["a", "b"]) == (400, "/attachmentIds", "too_many")
    assert await refused(cast.pat, type="image", attachmentIds=["a", "a"]) == (400, "/attachmentIds", "duplicate")


async def test_nobody_speaks_as_the_system(cast: Cast) -> None:
    assert await refused(cast.pat, type="system", text="You have won.") == (400, "/type", "invalid")


async def test_an_answer_names_the_message_it_answers(cast: Cast) -> None:
    first = await say(cast.carol, "When?")
    answer = await say(cast.pat, "At nine", replyTo=first["id"])
    assert answer["replyTo"] == first["id"]
    assert (await cast.carol.get("/chat/booking/1/history")).json()["items"] == [first, answer]


async def test_what_stands_in_another_room_cannot_be_answered(cast: Cast) -> None:
    theirs = await say(cast.olga, booking="2")
    answers = [
        await cast.pat.post("/chat/booking/1/message", json={"text": "Hi", "replyTo": message_id})
        for message_id in (theirs["id"], "msg_never")
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 2
    assert (await say(cast.pat))["seq"] == 1


async def test_a_message_is_read_by_its_id_where_its_room_may_be(cast: Cast) -> None:
    sent = await say(cast.pat)
    assert (await cast.carol.get(f"/chat/messages/{sent['id']}")).json() == sent
    for who in (cast.otto, cast.agnes, cast.ada):
        assert (await who.get(f"/chat/messages/{sent['id']}")).status_code == 404


async def test_links_come_back_as_they_were_written(cast: Cast) -> None:
    text = "https://example.com/?a=1&b=<2> and javascript:alert(1)"
    sent = await say(cast.pat, text)
    assert (sent["type"], sent["text"]) == ("text", text)

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import Cast, SetClock, say

Open = Callable[..., Any]
PLACE = {"latitude": 52.520008, "longitude": 13.404954}
SHARED = {"userId": "pat", **PLACE, "accuracy": 12, "updatedAt": "2026-11-22T08:30:00.000Z"}
ROOM = "/chat/booking/1/location"


async def share(cast: Cast, **fields: Any) -> httpx.Response:
    return await cast.pat.post(ROOM, json=PLACE | fields)


async def shown(who: httpx.AsyncClient) -> Any:
    return (await who.get(ROOM)).json()["items"]


async def book(cast: Cast, **changed: Any) -> None:
    draft = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": "confirmed"}
    assert (await cast.plat.put("/platform/bookings/1", json=draft | changed)).status_code == 200


async def test_the_other_member_hears_and_reads_where_somebody_is(cast: Cast, device: Open) -> None:
    carol = await device("carol")
    answer = await share(cast, accuracy=12.4, shareForSeconds=60)
    assert (answer.status_code, answer.json()) == (200, {"endsAt": "2026-11-22T08:31:00.000Z"})
    position = {**SHARED, "endsAt": "2026-11-22T08:31:00.000Z"}
    event = await carol.event()
    assert (event["type"], event["data"]) == ("location", {"bookingId": "1", "userId": "pat", "position": position})
    assert "position" not in event
    assert await shown(cast.carol) == await shown(cast.pat) == [position]


async def test_it_is_shared_over_the_socket_as_over_rest(cast: Cast, device: Open) -> None:
    pat, carol = await device("pat"), await device("carol")
    ack = await pat.ask("location", bookingId="1", **PLACE)
    assert ack["result"] == {"endsAt": "2026-11-22T08:45:00.000Z"}
    assert (await carol.event())["data"]["position"]["latitude"] == PLACE["latitude"]
    assert (await pat.ask("location", bookingId="1", stop=True))["result"] == {"endsAt": None}
    assert (await carol.event())["data"] == {"bookingId": "1", "userId": "pat", "position": None}
    assert await shown(cast.carol) == []


async def test_only_the_last_position_is_kept_and_the_end_stays(cast: Cast, clock: SetClock) -> None:
    await share(cast, shareForSeconds=60)
    clock.advance(30)
    again = await share(cast, latitude=1, longitude=-2)
    assert again.json() == {"endsAt": "2026-11-22T08:31:00.000Z"}
    assert [(item["latitude"], item["longitude"]) for item in await shown(cast.carol)] == [(1.0, -2.0)]


async def test_it_is_gone_when_its_time_is_over(cast: Cast, device: Open, clock: SetClock) -> None:
    carol = await device("carol")
    await share(cast, shareForSeconds=600)
    await share(cast, shareForSeconds=10)
    for _ in range(2):
        assert (await carol.event())["data"]["position"]
    clock.advance(10)
    assert await shown(cast.carol) == []
    assert (await carol.event())["data"]["position"] is None


async def test_a_longer_share_outlives_its_first_end(cast: Cast, device: Open, clock: SetClock) -> None:
    carol = await device("carol")
    await share(cast, shareForSeconds=10)
    await share(cast, shareForSeconds=20)
    for _ in range(2):
        await carol.event()
    clock.advance(11)
    assert len(await shown(cast.carol)) == 1
    clock.advance(9)
    assert (await carol.event())["data"]["position"] is None
    assert await shown(cast.carol) == []


@pytest.mark.parametrize("status", ["completed", "cancelled", "disputed"])
async def test_it_is_deleted_when_the_booking_ends(cast: Cast, device: Open, status: str) -> None:
    carol = await device("carol")
    await share(cast)
    await carol.event()
    await book(cast, status=status)
    heard = {event["type"]: event for event in [await carol.event(), await carol.event()]}
    assert heard["location"]["data"]["position"] is None
    await book(cast)
    assert await shown(cast.carol) == []


@pytest.mark.parametrize("status", ["requested", "completed", "cancelled", "disputed"])
async def test_nobody_shares_outside_an_active_booking(cast: Cast, status: str) -> None:
    await book(cast, status=status)
    answer = await share(cast)
    assert (answer.status_code, answer.json()["code"]) == (409, "booking_not_active")
    assert (await cast.pat.post(ROOM, json={"stop": True})).json() == {"endsAt": None}


async def test_it_goes_with_the_member_who_leaves(cast: Cast) -> None:
    await share(cast)
    await book(cast, providerId="otto")
    assert await shown(cast.carol) == []
    assert [(await who.get(ROOM)).status_code for who in (cast.pat, cast.otto)] == [404, 200]


@pytest.mark.parametrize(
    "body",
    [
        '{"latitude": NaN, "longitude": 0}',
        '{"latitude": Infinity, "longitude": 0}',
        '{"latitude": 1e999, "longitude": 0}',
        '{"latitude": 91, "longitude": 0}',
        '{"latitude": 0, "longitude": -180.0000001}',
        '{"latitude": "1", "longitude": 0}',
        '{"latitude": 1}',
        "{}",
        '{"stop": false}',
        '{"stop": true, "latitude": 1}',
        '{"latitude": 0, "longitude": 0, "accuracy": -1}',
        '{"latitude": 0, "longitude": 0, "shareForSeconds": 0}',
        '{"latitude": 0, "longitude": 0, "shareForSeconds": 28801}',
        '{"latitude": 0, "longitude": 0, "userId": "carol"}',
        '{"latitude": 0, "longitude": 0, "updatedAt": "2026-11-22T08:30:00Z"}',
    ],
)
async def test_what_is_no_position_is_refused_on_both_doors(cast: Cast, device: Open, body: str) -> None:
    answer = await cast.pat.post(ROOM, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    pat = await device("pat")
    await pat.connection.send(f'{{"type": "location", "id": "here", "bookingId": "1", {body[1:]}'.replace(", }", "}"))
    assert (await pat.event())["problem"]["status"] == 400
    assert await shown(cast.carol) == []


@pytest.mark.parametrize(
    ("sent", "kept"), [("-0.0", "0.0"), ("12.34567890123456789012", "12.345679"), ("90", "90.0"), ("-9e1", "-90.0")]
)
async def test_a_position_is_kept_to_six_decimals(cast: Cast, sent: str, kept: str) -> None:
    body = f'{{"latitude": {sent}, "longitude": 180}}'
    await cast.pat.post(ROOM, content=body, headers={"Content-Type": "application/json"})
    assert f'"latitude":{kept},"longitude":180.0' in (await cast.carol.get(ROOM)).text


async def test_a_stranger_neither_shares_nor_sees(cast: Cast, device: Open) -> None:
    carol = await device("carol")
    await share(cast)
    await carol.event()
    for who in (cast.otto, cast.olga, cast.agnes):
        answers = [await who.get(f"/chat/booking/{room}/location") for room in ("1", "9")]
        answers += [await who.post(f"/chat/booking/{room}/location", json=PLACE) for room in ("1", "9")]
        answers += [await who.post(ROOM, json={"stop": True})]
        assert {answer.json()["code"] for answer in answers} == {"not_found"}
    sent = await say(cast.pat)
    assert (await carol.event())["data"] == sent
    assert len(await shown(cast.carol)) == 1


async def test_a_repeat_with_a_key_is_answered_as_the_first(cast: Cast) -> None:
    first, again = [await cast.pat.post(ROOM, json=PLACE, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")

import asyncio
from typing import Any

import httpx
import pytest

from tests.conftest import Cast, say

CREATED = {"id": "e-1", "type": "booking.created", "userId": "pat", "bookingId": "1"}


def changed(event_id: str, status: str, user: str = "pat") -> dict[str, Any]:
    kind = {"type": "booking.status_changed", "data": {"status": status}}
    return {"id": event_id, "userId": user, "bookingId": "1"} | kind


async def tell(cast: Cast, event: dict[str, Any]) -> httpx.Response:
    return await cast.plat.post("/platform/events", json=event)


async def put(cast: Cast, status: str) -> None:
    draft = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": status}
    assert (await cast.plat.put("/platform/bookings/1", json=draft)).is_success


async def lines(cast: Cast) -> list[str]:
    items = (await cast.carol.get("/chat/booking/1/history")).json()["items"]
    assert {item["type"] for item in items} <= {"system"}
    return [item["text"] for item in items]


async def test_an_event_is_answered_as_it_is_stored(cast: Cast) -> None:
    answer = await tell(cast, CREATED | {"occurredAt": "2026-11-22T09:00:00+01:00", "data": {"a": [1, None]}})
    assert (answer.status_code, answer.json()) == (
        201,
        CREATED
        | {
            "occurredAt": "2026-11-22T08:00:00.000Z",
            "data": {"a": [1, None]},
            "receivedAt": "2026-11-22T08:30:00.000Z",
        },
    )


async def test_a_known_id_answers_the_first_event_and_does_nothing(cast: Cast) -> None:
    first = await tell(cast, changed("e-1", "completed"))
    assert (await tell(cast, changed("e-1", "cancelled"))).json() == first.json()
    assert await lines(cast) == ["The booking is completed."]


async def test_the_same_event_many_times_at_once_is_one_line(cast: Cast) -> None:
    answers = await asyncio.gather(*(tell(cast, CREATED) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [201] * 8
    assert await lines(cast) == ["The booking was created."]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (CREATED | {"userId": "nobody"}, "unknown_user"),
        (CREATED | {"bookingId": "9"}, "unknown_booking"),
        (CREATED | {"type": "review.created", "bookingId": "9", "data": {"rating": 5}}, "unknown_booking"),
    ],
)
async def test_who_or_what_is_unknown_is_a_conflict_that_may_pass(cast: Cast, event: dict[str, Any], code: str) -> None:
    answer = await tell(cast, event)
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (409, code, True)
    await cast.plat.put("/platform/users/nobody", json={"role": "provider", "name": "No"})
    draft = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/9", json=draft)
    assert (await tell(cast, event)).status_code == 201


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        ({"id": "e-1", "type": "payment.received"}, "/userId"),
        ({"id": "e-1", "type": "system.announcement", "userId": "pat"}, "/userId"),
        ({"id": "e-1", "type": "booking.created", "userId": "pat"}, "/bookingId"),
        (changed("e-1", "lost"), "/data/status"),
        (CREATED | {"type": "booking.status_changed"}, "/data/status"),
        (CREATED | {"occurredAt": "1969-12-31T23:59:59Z"}, "/occurredAt"),
        (CREATED | {"type": "booking.eaten"}, "/type"),
    ],
)
async def test_an_event_must_say_what_its_type_needs(cast: Cast, event: dict[str, Any], pointer: str) -> None:
    answer = await tell(cast, event)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


async def test_other_events_say_nothing_in_the_room(cast: Cast) -> None:
    paid = {"id": "e-1", "type": "payment.received", "userId": "pat", "bookingId": "1"}
    await tell(cast, paid | {"data": {"amount": 80, "currency": "EUR"}})
    await tell(cast, {"id": "e-2", "type": "system.announcement", "data": {"title": "Soon", "body": "New"}})
    assert await lines(cast) == []


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (1, 2, 0)])
async def test_a_change_that_comes_by_three_ways_is_said_once(cast: Cast, order: tuple[int, ...]) -> None:
    for way in order:
        if way == 0:
            await put(cast, "in_progress")
        else:
            await tell(cast, changed(f"e-{way}", "in_progress", ("pat", "carol")[way - 1]))
    assert await lines(cast) == ["The work has begun."]


async def test_a_late_event_says_nothing_again(cast: Cast) -> None:
    await put(cast, "in_progress")
    await put(cast, "completed")
    await tell(cast, changed("e-1", "in_progress"))
    await tell(cast, changed("e-2", "completed"))
    assert await lines(cast) == ["The work has begun.", "The booking is completed."]


async def test_the_same_status_a_second_time_is_said_a_second_time(cast: Cast) -> None:
    for number, status in enumerate(("completed", "disputed", "completed")):
        await put(cast, status)
        await tell(cast, changed(f"e-{number}", status))
    done = "The booking is completed."
    assert await lines(cast) == [done, "The booking is disputed.", done]


async def test_only_the_platform_tells_of_events(cast: Cast) -> None:
    for who in (cast.pat, cast.carol, cast.agnes, cast.ada):
        assert (await who.post("/platform/events", json=CREATED)).status_code == 403


async def test_a_line_stands_among_the_messages(cast: Cast) -> None:
    await say(cast.pat)
    await tell(cast, CREATED)
    items = (await cast.carol.get("/chat/booking/1/history")).json()["items"]
    assert [(item["seq"], item["type"]) for item in items] == [(1, "text"), (2, "system")]

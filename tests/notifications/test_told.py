"""What the platform tells, what is written in rooms, and what is announced becomes notifications."""

from functools import partial
from typing import Any

import pytest

from tests.boundary.test_problems import check_problem
from tests.conftest import Cast, SetClock, say
from tests.notifications.conftest import until


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"id": "e-1", "type": kind, "userId": "pat", **fields}


async def told(who: Any) -> list[tuple[str, str]]:
    items = (await who.get("/notifications")).json()["items"]
    return [(item["type"], item["title"]) for item in items]


@pytest.mark.parametrize(
    ("sent", "title"),
    [
        (event("booking.created", bookingId="1"), "New booking: Tap"),
        (event("booking.status_changed", bookingId="1", data={"status": "in_progress"}), "Tap: in progress"),
        (event("payment.received", data={"amount": "80.00", "currency": "EUR"}), "Payment received: 80.00 EUR"),
        (
            event("withdrawal.status_changed", data={"amount": 80, "currency": "EUR", "status": "paid"}),
            "Payout of 80 EUR: paid",
        ),
        (event("review.created", data={"rating": 5}), "New review: 5 of 5"),
        (event("rating.updated", data={"rating": 4.8}), "Your rating is now 4.8"),
    ],
    ids=lambda part: part["type"] if isinstance(part, dict) else "",
)
async def test_an_event_of_the_platform_is_told_once_to_whom_it_concerns(
    cast: Cast, sent: dict[str, Any], title: str
) -> None:
    for _ in range(2):
        assert (await cast.plat.post("/platform/events", json=sent)).status_code == 201
    assert await told(cast.pat) == [(sent["type"], title)]
    assert await told(cast.carol) == []


@pytest.mark.parametrize(
    "data", [{}, {"amount": "80"}, {"amount": [1], "currency": "EUR"}, {"amount": True, "currency": "EUR"}]
)
async def test_an_event_of_which_no_text_can_be_made_is_refused(cast: Cast, data: dict[str, Any]) -> None:
    answer = await cast.plat.post("/platform/events", json=event("payment.received", data=data))
    assert check_problem(answer, 400, "invalid_request")["errors"][0]["pointer"].startswith("/data/")
    assert await told(cast.pat) == []


async def test_messages_that_wait_are_one_notification_until_they_are_read(cast: Cast, clock: SetClock) -> None:
    await say(cast.carol)
    await say(cast.carol)
    clock.advance(10)
    await until(lambda: told(cast.pat), [("message.waiting", "2 messages: Tap")])
    await say(cast.carol)
    clock.advance(10)
    await until(lambda: told(cast.pat), [("message.waiting", "3 messages: Tap")])
    assert await told(cast.carol) == []
    await cast.pat.post("/chat/messages/read", json={"bookingId": "1", "seq": 3})
    assert (await cast.pat.get("/notifications/unread-count")).json() == {"unread": 0, "unseen": 0}


async def test_whoever_reads_at_once_is_told_nothing(cast: Cast, clock: SetClock) -> None:
    await say(cast.carol)
    await cast.pat.post("/chat/messages/read", json={"bookingId": "1", "seq": 1})
    await say(cast.olga, booking="2")
    clock.advance(10)
    # The row of booking 2 is due after that of booking 1: once it has been told, the other one was looked at.
    await until(lambda: told(cast.otto), [("message.waiting", "New message: Tap")])
    assert await told(cast.pat) == []


async def announce(cast: Cast, **fields: Any) -> Any:
    answer = await cast.ada.post("/desk/announcements", json={"title": "Snow", "body": "Drive with care.", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_an_announcement_reaches_its_audience(cast: Cast) -> None:
    await announce(cast, role="provider")
    for who in (cast.pat, cast.otto):
        await until(partial(told, who), [("system.announcement", "Snow")])
    await announce(cast, title="To two", userIds=["pat", "carol", "nobody"])
    await until(lambda: told(cast.carol), [("system.announcement", "To two")])
    assert await told(cast.olga) == []
    listed = (await cast.ada.get("/desk/announcements")).json()["items"]
    assert [(item["title"], item["reached"]) for item in listed] == [("To two", 2), ("Snow", 2)]
    check_problem(await cast.agnes.get("/desk/announcements"), 403, "forbidden")


async def test_an_announcement_waits_for_its_start_and_goes_at_its_end(cast: Cast, clock: SetClock) -> None:
    await announce(cast, startsAt="2026-11-22T09:30:00Z", endsAt="2026-11-22T10:30:00Z")
    await announce(cast, title="Now")
    await until(lambda: told(cast.pat), [("system.announcement", "Now")])
    clock.advance(3600)
    await until(lambda: told(cast.pat), [("system.announcement", "Snow"), ("system.announcement", "Now")])
    clock.advance(3600)

    async def unread() -> Any:
        return (await cast.pat.get("/notifications/unread-count")).json()["unread"]

    await until(unread, 1)


async def test_a_cancelled_announcement_is_told_to_nobody_else_and_clears_itself(cast: Cast) -> None:
    made = await announce(cast)
    await until(lambda: told(cast.pat), [("system.announcement", "Snow")])
    cancelled = await cast.ada.post(f"/desk/announcements/{made['id']}/cancel")
    assert cancelled.json()["cancelledAt"] is not None
    assert (await cast.ada.post(f"/desk/announcements/{made['id']}/cancel")).json() == cancelled.json()

    async def unread() -> Any:
        return (await cast.pat.get("/notifications/unread-count")).json()["unread"]

    await until(unread, 0)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"role": "provider", "userIds": ["pat"]}, None),
        ({"startsAt": "2026-11-23T00:00:00Z", "endsAt": "2026-11-22T09:00:00Z"}, "/endsAt"),
        ({"startsAt": "2999-01-01T00:00:00Z"}, "/startsAt"),
        ({"title": ""}, "/title"),
    ],
)
async def test_an_announcement_that_cannot_be_made_is_refused(
    cast: Cast, fields: dict[str, Any], pointer: str | None
) -> None:
    answer = await cast.ada.post("/desk/announcements", json={"title": "Snow", "body": "Care.", **fields})
    problem = check_problem(answer, 400, "invalid_request")
    assert [error["pointer"] for error in problem.get("errors", [])] == ([pointer] if pointer else [])


async def test_the_platform_may_announce_by_event(cast: Cast) -> None:
    sent = {
        "id": "e-1",
        "type": "system.announcement",
        "data": {"title": "Snow", "body": "Care.", "audience": "customer"},
    }
    assert (await cast.plat.post("/platform/events", json=sent)).status_code == 201
    await until(lambda: told(cast.carol), [("system.announcement", "Snow")])
    assert await told(cast.pat) == []
    sent |= {"id": "e-2", "data": {"title": "Snow", "audience": "everybody"}}
    assert (await cast.plat.post("/platform/events", json=sent)).status_code == 400


async def test_somebody_reads_in_the_zone_they_live_in(cast: Cast) -> None:
    await cast.plat.put("/platform/users/pat", json={"role": "provider", "name": "Pat", "timezone": "Europe/Berlin"})
    booking = {"providerId": "pat", "customerId": "carol", "service": "Sink", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/3", json=booking | {"scheduledAt": "2026-11-24T13:30:00Z"})
    await cast.plat.post("/platform/events", json=event("booking.created", bookingId="3"))
    item = (await cast.pat.get("/notifications")).json()["items"][0]
    assert item["body"].startswith("Sink, 2026-11-24 14:30.")

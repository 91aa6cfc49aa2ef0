from typing import Any

from tests.boundary.test_problems import check_problem
from tests.conftest import Cast, SetClock
from tests.notifications.conftest import until
from tests.notifications.test_told import told

PATH = "/bookings/1/feedback"


async def complete(cast: Cast, booking: str = "1", provider: str = "pat", customer: str = "carol") -> None:
    draft = {"providerId": provider, "customerId": customer, "service": "Tap", "status": "completed"}
    assert (await cast.plat.put(f"/platform/bookings/{booking}", json=draft)).status_code == 200


async def asked(cast: Cast, clock: SetClock) -> None:
    await complete(cast)
    clock.advance(3600)
    await until(lambda: told(cast.carol), [("feedback.asked", "How was it? Tap")])


async def test_a_customer_is_asked_once_an_hour_after_the_job(cast: Cast, clock: SetClock) -> None:
    check_problem(await cast.carol.post(PATH, json={"rating": 5}), 404, "not_found")
    await asked(cast, clock)
    await complete(cast)
    assert (await cast.carol.get(PATH)).json()["rating"] is None
    assert await told(cast.pat) == []


async def test_the_answer_reaches_the_provider_and_the_platform(cast: Cast, clock: SetClock) -> None:
    await asked(cast, clock)
    given = await cast.carol.post(PATH, json={"rating": 4, "comment": "On time."})
    assert (given.status_code, given.json()["rating"]) == (201, 4)
    assert await told(cast.pat) == [("feedback.given", "Feedback: 4 of 5 for Tap")]
    assert (await cast.pat.get(PATH)).json() == (await cast.carol.get(PATH)).json() == given.json()
    assert (await cast.carol.get("/notifications/unread-count")).json()["unread"] == 0
    place: dict[str, Any] = {"topic": "platform", "since": 0}
    epoch = (await cast.plat.get("/events", params={"topic": "platform"})).json()["epoch"]
    heard = (await cast.plat.get("/events", params=place | {"epoch": epoch})).json()["events"]
    assert [(one["type"], one["data"]) for one in heard] == [("feedback.given", given.json())]


async def test_an_answer_is_given_once_and_only_by_the_customer(cast: Cast, clock: SetClock) -> None:
    await asked(cast, clock)
    for who in (cast.olga, cast.otto, cast.pat):
        assert (await who.post(PATH, json={"rating": 1})).status_code in (403, 404)
    check_problem(await cast.otto.get(PATH), 404, "not_found")
    for rating in (0, 6):
        check_problem(await cast.carol.post(PATH, json={"rating": rating}), 400, "invalid_request")
    assert (await cast.carol.post(PATH, json={"rating": 5})).status_code == 201
    check_problem(await cast.carol.post(PATH, json={"rating": 1}), 409, "feedback_given")
    assert (await cast.pat.get(PATH)).json()["rating"] == 5


async def test_nobody_is_asked_where_a_review_came_first(cast: Cast, clock: SetClock) -> None:
    await complete(cast)
    review: dict[str, Any] = {
        "id": "e-1",
        "type": "review.created",
        "userId": "pat",
        "bookingId": "1",
        "data": {"rating": 5},
    }
    assert (await cast.plat.post("/platform/events", json=review)).status_code == 201
    await complete(cast, "2", "otto", "olga")
    clock.advance(3600)
    # Both rows are due at once; when the one has been asked, the other was looked at or will find the review.
    await until(lambda: told(cast.olga), [("feedback.asked", "How was it? Tap")])
    assert await told(cast.carol) == []


async def test_only_the_platform_hears_the_topic_platform(cast: Cast) -> None:
    for who in (cast.pat, cast.agnes, cast.ada):
        check_problem(await who.get("/events", params={"topic": "platform"}), 403, "forbidden")

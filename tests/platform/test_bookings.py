from typing import Any

import pytest

from tests.conftest import Cast

DRAFT: dict[str, Any] = {"providerId": "pat", "customerId": "olga", "service": "Sink", "status": "requested"}


async def test_a_booking_is_recorded_with_its_room(cast: Cast) -> None:
    put = await cast.plat.put("/platform/bookings/9", json=DRAFT | {"scheduledAt": "2026-11-23T10:00:00+01:00"})
    assert (put.status_code, put.json()["scheduledAt"]) == (201, "2026-11-23T09:00:00.000Z")
    assert (await cast.plat.get("/platform/bookings/9")).json() == put.json()
    assert (await cast.olga.get("/chat/booking/9/history")).json()["items"] == []


async def test_the_same_record_again_changes_nothing(cast: Cast) -> None:
    draft = DRAFT | {"scheduledAt": "2026-11-23T10:00:00+01:00"}
    first = await cast.plat.put("/platform/bookings/9", json=draft)
    again = await cast.plat.put("/platform/bookings/9", json=draft)
    assert (again.status_code, again.json()) == (200, first.json())


async def test_a_changed_status_is_a_new_version(cast: Cast) -> None:
    await cast.plat.put("/platform/bookings/9", json=DRAFT)
    changed = await cast.plat.put("/platform/bookings/9", json=DRAFT | {"status": "completed"})
    assert (changed.json()["status"], changed.json()["version"]) == ("completed", 2)


@pytest.mark.parametrize("field", ["providerId", "customerId"])
async def test_an_unknown_user_is_a_conflict_that_may_pass(cast: Cast, field: str) -> None:
    answer = await cast.plat.put("/platform/bookings/9", json=DRAFT | {field: "nobody"})
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (409, "unknown_user", True)
    assert (await cast.plat.get("/platform/bookings/9")).status_code == 404


async def test_nobody_books_themselves(cast: Cast) -> None:
    answer = await cast.plat.put("/platform/bookings/9", json=DRAFT | {"customerId": "pat"})
    assert answer.status_code == 400


async def test_a_stale_if_match_changes_nothing(cast: Cast) -> None:
    first = await cast.plat.put("/platform/bookings/9", json=DRAFT)
    await cast.plat.put("/platform/bookings/9", json=DRAFT | {"status": "confirmed"})
    stale = {"If-Match": first.headers["etag"]}
    late = await cast.plat.put("/platform/bookings/9", json=DRAFT | {"status": "cancelled"}, headers=stale)
    assert late.status_code == 412
    assert (await cast.plat.get("/platform/bookings/9")).json()["status"] == "confirmed"

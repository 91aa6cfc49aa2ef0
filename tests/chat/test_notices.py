from typing import Any

from tests.conftest import Cast, say


async def put(cast: Cast, status: str) -> None:
    draft = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": status}
    assert (await cast.plat.put("/platform/bookings/1", json=draft)).is_success


async def texts(cast: Cast) -> list[Any]:
    return [item["text"] for item in (await cast.carol.get("/chat/booking/1/history")).json()["items"]]


async def test_a_changed_status_is_a_line_of_the_system(cast: Cast) -> None:
    await put(cast, "in_progress")
    [line] = (await cast.carol.get("/chat/booking/1/history")).json()["items"]
    assert (line["type"], line["text"], line["seq"]) == ("system", "The work has begun.", 1)
    assert line["sender"] == {"id": "system", "role": "service", "name": "Porchlight"}


async def test_a_line_of_the_system_is_unread_for_nobody(cast: Cast) -> None:
    await say(cast.pat)
    await put(cast, "in_progress")
    assert (await cast.carol.get("/chat/unread-count")).json() == {"total": 1, "byBooking": {"1": 1}}
    assert (await cast.carol.post("/chat/messages/read", json={"bookingId": "1", "seq": 1})).json() == {"unread": 0}
    draft = {"providerId": "otto", "customerId": "carol", "service": "Tap", "status": "in_progress"}
    await cast.plat.put("/platform/bookings/1", json=draft)
    assert (await cast.otto.get("/chat/unread-count")).json()["total"] == 1


async def test_other_changes_of_a_booking_are_no_line(cast: Cast) -> None:
    draft = {"providerId": "pat", "customerId": "carol", "service": "Two taps", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/1", json=draft)
    assert await texts(cast) == []


async def test_nobody_edits_or_deletes_a_line_of_the_system(cast: Cast) -> None:
    await put(cast, "completed")
    [line] = (await cast.carol.get("/chat/booking/1/history")).json()["items"]
    assert (await cast.carol.patch(f"/chat/messages/{line['id']}", json={"text": "Not so"})).status_code == 404
    assert (await cast.carol.delete(f"/chat/messages/{line['id']}")).status_code == 404

from typing import Any

import pytest

from api.notifications.channels.types import Refused, Unclear
from tests.boundary.test_problems import check_problem
from tests.conftest import Cast, SetClock
from tests.notifications.conftest import Recorder, Tell, standing, until

PATH = "/notifications/preferences"
Channels = dict[str, Recorder]
HIGH: dict[str, Any] = {
    "kind": "booking.created",
    "values": {"service": "Tap", "when": None},
    "cause": "booking:1",
    "key": "high",
}


async def choose(who: Any, **choices: Any) -> None:
    etag = (await who.get(PATH)).headers["etag"]
    answer = await who.patch(PATH, json=choices, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text


async def test_each_way_waits_for_the_one_before_to_be_noticed(
    cast: Cast, tell: Tell, channels: Channels, clock: SetClock
) -> None:
    await tell("pat", **HIGH)
    waiting = {
        "push": ("sent", "now"),
        "email": ("queued", "after_the_ways_before"),
        "sms": ("queued", "after_the_ways_before"),
    }
    await until(lambda: standing(cast.pat), waiting)
    clock.advance(5 * 60)
    await until(lambda: standing(cast.pat), waiting | {"email": ("sent", "after_the_ways_before")})
    clock.advance(10 * 60)
    await until(lambda: standing(cast.pat), {name: ("sent", rule) for name, (_, rule) in waiting.items()})
    assert [len(channels[name].letters) for name in ("push", "email", "sms")] == [1, 1, 1]
    assert channels["push"].letters[0].title == "New booking: Tap"


async def test_what_was_read_meanwhile_goes_no_further(
    cast: Cast, tell: Tell, channels: Channels, clock: SetClock
) -> None:
    await tell("pat", **HIGH)

    async def push() -> Any:
        return (await standing(cast.pat)).get("push")

    await until(push, ("sent", "now"))
    await cast.pat.post("/notifications/read", json={"all": True})
    clock.advance(20 * 60)
    await until(
        lambda: standing(cast.pat),
        {"push": ("sent", "now"), "email": ("not_sent", "read"), "sms": ("not_sent", "read")},
    )
    assert channels["email"].letters == channels["sms"].letters == []


async def test_a_quiet_night_is_folded_into_one_in_the_morning(
    cast: Cast, tell: Tell, channels: Channels, clock: SetClock
) -> None:
    await cast.plat.put("/platform/users/pat", json={"role": "provider", "name": "Pat", "timezone": "Europe/Berlin"})
    clock.advance(13.5 * 3600)  # 23:00 in Berlin
    for key in ("1", "2", "3"):
        await tell("pat", key=key)
        await until(
            lambda: standing(cast.pat),
            {"push": ("held", "quiet_hours"), "email": ("held", "quiet_hours"), "sms": ("not_sent", "only_if_urgent")},
        )
        clock.advance(60)
    second = (await cast.pat.get("/notifications")).json()["items"][1]["id"]
    await cast.pat.post("/notifications/read", json={"ids": [second]})
    clock.advance(8 * 3600)
    await until(
        lambda: standing(cast.pat),
        {"push": ("sent", "quiet_hours"), "email": ("sent", "quiet_hours"), "sms": ("not_sent", "only_if_urgent")},
    )
    assert [(letter.title, letter.body.count("80.00 EUR")) for letter in channels["push"].letters] == [
        ("2 notifications", 4)
    ]
    assert (await standing(cast.pat, newest=1))["push"] == ("not_sent", "read")


async def test_a_way_that_is_switched_off_before_it_is_due_is_not_taken(
    cast: Cast, tell: Tell, channels: Channels, clock: SetClock
) -> None:
    await tell("pat")

    async def mail() -> Any:
        return (await standing(cast.pat)).get("email")

    await until(mail, ("queued", "after_the_ways_before"))
    await choose(cast.pat, channels={"email": False})
    clock.advance(3600)
    await until(mail, ("not_sent", "channel_off"))
    assert channels["email"].letters == []


async def test_a_way_that_fails_is_tried_again_with_the_same_key(
    cast: Cast, tell: Tell, channels: Channels, clock: SetClock
) -> None:
    push = channels["push"]
    push.error = ConnectionError("no line")
    await tell("pat")

    async def tries() -> int:
        clock.advance(1)
        return len(push.letters)

    await until(tries, 2)
    push.error = None

    async def status() -> Any:
        clock.advance(1)
        return (await standing(cast.pat))["push"]

    await until(status, ("sent", "now"))
    assert len({letter.key for letter in push.letters}) == 1


async def test_a_refusal_is_told_and_not_repeated(cast: Cast, tell: Tell, channels: Channels, clock: SetClock) -> None:
    channels["push"].error = Refused("The device is gone.")
    await tell("pat")

    async def step() -> Any:
        items = (await cast.pat.get("/notifications")).json()["items"]
        steps = (await cast.pat.get(f"/notifications/{items[0]['id']}/trace")).json()["steps"]
        return next((step["explanation"] for step in steps if step["channel"] == "push"), "")

    await until(step, "It could not be sent. The device is gone.")
    assert len(channels["push"].letters) == 1


@pytest.mark.parametrize("error", [Unclear("No answer came."), None])
async def test_a_text_message_that_may_have_gone_out_is_not_repeated(
    cast: Cast, tell: Tell, channels: Channels, clock: SetClock, error: Exception | None
) -> None:
    sms = channels["sms"]
    sms.error = error
    await tell("pat", **HIGH)

    async def text_message() -> Any:
        return (await standing(cast.pat)).get("sms")

    await until(text_message, ("queued", "after_the_ways_before"))
    clock.advance(15 * 60)
    status = "unknown" if error else "sent"
    await until(text_message, (status, "after_the_ways_before"))
    assert len(sms.letters) == 1


async def test_nobody_sees_how_somebody_else_was_told(cast: Cast, tell: Tell) -> None:
    await tell("pat")
    path = f"/notifications/{(await cast.pat.get('/notifications')).json()['items'][0]['id']}/trace"
    assert (await cast.pat.get(path)).status_code == 200
    check_problem(await cast.otto.get(path), 404, "not_found")


async def test_who_wants_nothing_in_the_app_is_reached_by_the_other_ways(
    cast: Cast, tell: Tell, channels: Channels, clock: SetClock
) -> None:
    await choose(cast.pat, matrix={"payment": {"inApp": "off"}})
    await tell("pat")

    async def pushed() -> list[str]:
        return [letter.title for letter in channels["push"].letters]

    await until(pushed, ["Payment received: 80.00 EUR"])
    assert await standing(cast.pat) == {}
    await cast.pat.post("/notifications/read", json={"all": True})
    assert (await cast.pat.get("/notifications/unread-count")).json() == {"unread": 0, "unseen": 0}
    await tell("pat", kind="withdrawal.status_changed", values={"amount": "80 EUR", "status": "paid"}, key="2")
    assert list((await cast.pat.get("/notifications/unread-count")).json().values()) == [1, 1]


async def test_figures_count_what_went_which_way(cast: Cast, tell: Tell, channels: Channels, clock: SetClock) -> None:
    channels["email"].error = Refused("No such mailbox.")
    await tell("pat")
    await tell("otto")

    async def email() -> Any:
        return (await standing(cast.pat)).get("email")

    await until(email, ("queued", "after_the_ways_before"))
    clock.advance(1800)
    await until(email, ("failed", "after_the_ways_before"))
    await cast.pat.post("/notifications/read", json={"all": True})
    found = (await cast.pat.get("/notifications/stats")).json()
    assert (found["total"], found["read"], found["readRate"], found["deliveryRate"]) == (1, 1, 1.0, 0.5)
    assert found["byCategory"] == {"payment": {"total": 1, "read": 1}}
    assert found["byChannel"] == {
        "inApp": {"sent": 1, "read": 1},
        "push": {"sent": 1},
        "email": {"failed": 1},
        "sms": {"not_sent": 1},
    }

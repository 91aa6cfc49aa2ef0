from collections.abc import Callable
from typing import Any

from tests.conftest import Cast, say

Open = Callable[..., Any]


def place(device: Any, **positions: int) -> dict[str, Any]:
    return {"epoch": device.welcome["epoch"], "positions": device.welcome["positions"] | positions}


async def test_a_message_is_heard_by_both_and_by_nobody_else(cast: Cast, device: Open) -> None:
    pat, carol, otto = await device("pat"), await device("carol"), await device("otto")
    sent = await say(cast.pat)
    for member in (pat, carol):
        event = await member.event()
        assert (event["type"], event["topic"], event["data"]) == ("message.created", "user", sent)
    await say(cast.olga, booking="2")
    assert (await otto.event())["data"]["bookingId"] == "2"


async def test_what_was_missed_comes_first_and_in_order(cast: Cast, device: Open) -> None:
    carol = await device("carol")
    await carol.connection.close()
    missed = [await say(cast.pat, str(number)) for number in range(5)]
    back = await device("carol", resume=place(carol))
    assert back.welcome["recovered"] is True
    live = await say(cast.pat, "live")
    assert [(await back.event())["data"] for _ in range(6)] == [*missed, live]


async def test_positions_have_no_gap(cast: Cast, device: Open) -> None:
    carol = await device("carol")
    for _ in range(4):
        await say(cast.pat)
    start = carol.welcome["positions"]["user"]
    assert [(await carol.event())["position"] for _ in range(4)] == [start + 1, start + 2, start + 3, start + 4]


async def test_without_a_place_the_state_is_to_be_loaded(cast: Cast, device: Open) -> None:
    await say(cast.pat)
    carol = await device("carol")
    assert carol.welcome["recovered"] is False
    assert carol.welcome["positions"]["user"] > 0


async def test_a_place_of_another_epoch_or_ahead_of_time_is_not_recovered(cast: Cast, device: Open) -> None:
    first = await device("carol")
    foreign = await device("carol", resume={"epoch": "0000", "positions": first.welcome["positions"]})
    ahead = await device("carol", resume=place(first, user=10_000))
    assert (foreign.welcome["recovered"], ahead.welcome["recovered"]) == (False, False)


async def test_agents_hear_the_desk_and_admins_the_review(cast: Cast, device: Open) -> None:
    heard = {name: sorted((await device(name)).welcome["positions"]) for name in ("pat", "agnes", "ada")}
    assert heard == {"pat": ["user"], "agnes": ["desk", "user"], "ada": ["desk", "review", "user"]}


async def test_the_same_events_are_read_over_rest(cast: Cast, device: Open) -> None:
    carol = await device("carol")
    sent = await say(cast.pat)
    query = {"since": carol.welcome["positions"]["user"], "epoch": carol.welcome["epoch"]}
    answer = (await cast.carol.get("/events", params=query)).json()
    assert (answer["recovered"], [event["data"] for event in answer["events"]]) == (True, [sent])
    assert answer["events"] == [await carol.event()]
    assert answer["next"] == answer["events"][-1]["position"]


async def test_rest_tells_where_a_topic_stands_without_a_place(cast: Cast) -> None:
    answer = (await cast.carol.get("/events")).json()
    assert (answer["recovered"], answer["events"], answer["next"]) == (False, [], 1)
    assert (await cast.carol.get("/events", params={"topic": "desk"})).status_code == 403

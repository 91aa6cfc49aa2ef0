from typing import Any

from tests.boundary.test_problems import check_problem
from tests.conftest import Cast, SetClock
from tests.notifications.conftest import Tell


async def items(who: Any, path: str = "/notifications", **params: Any) -> list[Any]:
    answer = await who.get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["items"]
    return found


async def counts(who: Any) -> Any:
    return (await who.get("/notifications/unread-count")).json()


async def test_what_somebody_is_told_stands_in_their_list_only(cast: Cast, tell: Tell) -> None:
    await tell("pat")
    told = (await items(cast.pat))[0]
    assert (told["title"], told["category"], told["readAt"]) == ("Payment received: 80.00 EUR", "payment", None)
    assert await counts(cast.pat) == {"unread": 1, "unseen": 1}
    assert (await items(cast.otto), await counts(cast.otto)) == ([], {"unread": 0, "unseen": 0})
    assert (await cast.pat.get(f"/notifications/{told['id']}")).json() == told
    check_problem(await cast.otto.get(f"/notifications/{told['id']}"), 404, "not_found")


async def test_the_same_thing_is_told_once_to_each(cast: Cast, tell: Tell) -> None:
    await tell("pat")
    await tell("pat", "otto")
    assert [len(await items(who)) for who in (cast.pat, cast.otto)] == [1, 1]
    assert [await counts(who) for who in (cast.pat, cast.otto)] == [{"unread": 1, "unseen": 1}] * 2


async def test_nobody_who_is_unknown_or_disabled_is_told(cast: Cast, tell: Tell) -> None:
    await cast.plat.put("/platform/users/otto", json={"role": "provider", "name": "Otto", "disabled": True})
    await tell("nobody", "otto", "pat")
    assert len(await items(cast.pat)) == 1


async def test_further_ones_of_a_group_are_counted_by_the_unread_one(cast: Cast, tell: Tell, clock: SetClock) -> None:
    values = {"service": "Tap", "sender": "Carol"}
    for count in (1, 3, 5):
        clock.advance(60)
        await tell("pat", kind="message.waiting", values=values | {"count": count}, group="1", key=f"{count}")
    told = await items(cast.pat)
    assert [(item["count"], item["title"]) for item in told] == [(5, "5 messages: Tap")]
    assert told[0]["activeAt"] > told[0]["createdAt"]
    await cast.pat.post("/notifications/read", json={"all": True})
    await tell("pat", kind="message.waiting", values=values | {"count": 1}, group="1", key="6")
    assert [item["count"] for item in await items(cast.pat)] == [1, 5]


async def test_reading_takes_what_is_named_and_ones_own(cast: Cast, tell: Tell) -> None:
    for key in ("1", "2", "3"):
        await tell("pat", "otto", key=key)
    mine = [item["id"] for item in await items(cast.pat)]
    theirs = [item["id"] for item in await items(cast.otto)]
    answer = await cast.pat.post("/notifications/read", json={"ids": [mine[0], theirs[0], "ntf_9"]})
    assert answer.json() == await counts(cast.pat) == {"unread": 2, "unseen": 2}
    assert await counts(cast.otto) == {"unread": 3, "unseen": 3}
    assert {item["id"] for item in await items(cast.pat, state="unread")} == set(mine[1:])


async def test_reading_a_category_leaves_the_others(cast: Cast, tell: Tell) -> None:
    await tell("pat")
    await tell("pat", kind="review.created", values={"rating": 5}, key="2")
    assert (await cast.pat.post("/notifications/read", json={"category": "review"})).json()["unread"] == 1
    assert [item["type"] for item in await items(cast.pat, state="unread")] == ["payment.received"]


async def test_what_was_seen_is_still_unread(cast: Cast, tell: Tell) -> None:
    await tell("pat")
    assert (await cast.pat.post("/notifications/seen", json={"all": True})).json() == {"unread": 1, "unseen": 0}
    assert (await cast.pat.post("/notifications/seen", json={"all": True})).json() == {"unread": 1, "unseen": 0}
    assert (await cast.pat.post("/notifications/read", json={"all": True})).json() == {"unread": 0, "unseen": 0}


async def test_marks_name_one_thing(cast: Cast) -> None:
    for body in ({}, {"all": True, "category": "review"}, {"all": False}):
        check_problem(await cast.pat.post("/notifications/read", json=body), 400, "invalid_request")


async def test_an_archived_one_counts_as_read_and_comes_back(cast: Cast, tell: Tell) -> None:
    await tell("pat")
    chosen = {"ids": [(await items(cast.pat))[0]["id"]]}
    assert (await cast.pat.post("/notifications/archive", json=chosen)).json() == {"unread": 0, "unseen": 0}
    assert (await items(cast.pat), len(await items(cast.pat, state="archived"))) == ([], 1)
    await cast.otto.post("/notifications/restore", json=chosen)
    assert await items(cast.pat) == []
    await cast.pat.post("/notifications/restore", json=chosen)
    assert [item["archivedAt"] for item in await items(cast.pat)] == [None]


async def test_a_deleted_one_is_gone_and_not_told_again(cast: Cast, tell: Tell) -> None:
    await tell("pat", "otto")
    path = f"/notifications/{(await items(cast.pat))[0]['id']}"
    check_problem(await cast.otto.delete(path), 404, "not_found")
    assert (await cast.pat.delete(path)).status_code == 204
    check_problem(await cast.pat.delete(path), 404, "not_found")
    await tell("pat")
    assert (await items(cast.pat), await counts(cast.pat)) == ([], {"unread": 0, "unseen": 0})


async def test_pages_show_each_once_while_new_ones_come(cast: Cast, tell: Tell, clock: SetClock) -> None:
    for key in range(5):
        clock.advance(1)
        await tell("pat", key=str(key))
    expected = [item["id"] for item in await items(cast.pat)]
    first = (await cast.pat.get("/notifications", params={"limit": 2, "withTotal": True})).json()
    clock.advance(1)
    await tell("pat", key="new")
    second = await cast.pat.get("/notifications", params={"limit": 3, "cursor": first["page"]["next"]})
    assert [item["id"] for item in first["items"] + second.json()["items"]] == expected
    assert (first["total"], second.json()["page"]["hasMore"]) == (5, False)
    back = await cast.pat.get("/notifications", params={"limit": 3, "cursor": second.json()["page"]["prev"]})
    assert [item["id"] for item in back.json()["items"]] == expected[:2]


async def test_the_devices_of_a_person_hear_what_is_told_and_read(cast: Cast, tell: Tell, device: Any) -> None:
    phone = await device("pat")
    await tell("pat")
    told = await phone.event()
    assert (told["type"], told["data"]["counts"]) == ("notification.created", {"unread": 1, "unseen": 1})
    assert told["data"]["notification"] == (await items(cast.pat))[0]
    await cast.pat.post("/notifications/read", json={"all": True})
    heard = await phone.event()
    assert heard["type"] == "notification.updated"
    assert heard["data"] == {
        "ids": [told["data"]["notification"]["id"]],
        "change": "read",
        "counts": {"unread": 0, "unseen": 0},
        "notification": None,
    }

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from api.boundary import Boundary
from api.chat.presence.queries import GRACE_MS
from api.live import sockets
from tests.conftest import Cast, SetClock

Open = Callable[..., Any]


async def statuses(who: httpx.AsyncClient) -> dict[str, Any]:
    answer = await who.get("/chat/booking/1/online-status")
    return {user["id"]: user for user in answer.json()["users"]}


async def until(condition: Callable[[], Awaitable[bool]], clock: SetClock | None = None) -> None:
    """Time passes meanwhile, where there is a clock to move."""
    async with asyncio.timeout(30):
        while not await condition():
            await asyncio.sleep(0.05)
            if clock:
                clock.advance(0.25)


async def is_online(who: httpx.AsyncClient, user_id: str, online: bool = True) -> bool:
    return bool((await statuses(who))[user_id]["online"] is online)


async def has_devices(who: httpx.AsyncClient, count: int) -> bool:
    return len((await who.get("/me/sockets")).json()["items"]) == count


async def was_seen(who: httpx.AsyncClient, moment: str) -> bool:
    return bool((await statuses(who))["pat"]["lastSeenAt"] == moment)


async def test_who_has_a_socket_is_online_and_others_hear_of_it(cast: Cast, device: Open) -> None:
    carol = await device("carol")
    assert await is_online(cast.pat, "carol")
    assert (await statuses(cast.pat))["pat"] == {"id": "pat", "online": False, "lastSeenAt": None}
    await device("pat")
    assert await carol.presence() == {"id": "pat", "online": True, "lastSeenAt": "2026-11-22T08:30:00.000Z"}
    await until(lambda: is_online(cast.carol, "pat"))


async def test_only_the_last_device_to_go_makes_somebody_offline(cast: Cast, device: Open, clock: SetClock) -> None:
    carol, phone, tablet = await device("carol"), await device("pat"), await device("pat")
    assert (await carol.presence())["online"]
    await phone.connection.close()
    await until(lambda: has_devices(cast.pat, 1))
    clock.advance(GRACE_MS / 1000)
    assert await is_online(cast.carol, "pat")
    await tablet.connection.close()
    await until(lambda: is_online(cast.carol, "pat", False), clock)
    gone = await passing(carol.presence(), clock)
    assert (gone["id"], gone["online"]) == ("pat", False)
    assert gone["lastSeenAt"] == (await statuses(cast.carol))["pat"]["lastSeenAt"] >= "2026-11-22T08:30"


async def passing(waiting: Awaitable[Any], clock: SetClock) -> Any:
    """What was waited for, while time passes."""
    task = asyncio.ensure_future(waiting)
    await until(lambda: _done(task), clock)
    return task.result()


async def _done(task: "asyncio.Future[Any]") -> bool:
    return task.done()


async def test_a_device_that_comes_back_soon_was_never_gone(cast: Cast, device: Open, clock: SetClock) -> None:
    carol, pat = await device("carol"), await device("pat")
    assert (await carol.presence())["id"] == "pat"
    clock.advance(1)
    await pat.connection.close()
    await until(lambda: was_seen(cast.carol, "2026-11-22T08:30:01.000Z"))
    clock.advance(GRACE_MS / 1000 - 1)
    assert await is_online(cast.carol, "pat")
    back = await device("pat")
    await until(lambda: was_seen(cast.carol, "2026-11-22T08:30:15.000Z"))
    await back.connection.close()
    assert (await passing(carol.presence(), clock))["online"] is False


async def test_who_lost_the_process_is_offline_after_a_while(cast: Cast, clock: SetClock, app: Boundary) -> None:
    await app._app.state.db.write(sockets.insert, "sock_1", "pat", "node_gone", "App", clock.now)
    assert await is_online(cast.carol, "pat")
    clock.advance(sockets.TTL_MS / 1000)
    assert await is_online(cast.carol, "pat", False)


async def test_those_who_share_no_room_hear_nothing(cast: Cast, device: Open, clock: SetClock) -> None:
    otto, carol = await device("otto"), await device("carol")
    await device("pat")
    assert (await carol.presence())["id"] == "pat"
    await device("olga")
    assert (await otto.presence())["id"] == "olga"


@pytest.mark.parametrize("who", ["otto", "olga", "agnes"])
async def test_a_stranger_does_not_learn_who_is_there(cast: Cast, who: str) -> None:
    answers = [await getattr(cast, who).get(f"/chat/booking/{room}/online-status") for room in ("1", "9")]
    assert [answer.json()["code"] for answer in answers] == ["not_found", "not_found"]


async def test_a_former_member_does_not_either(cast: Cast) -> None:
    draft = {"providerId": "otto", "customerId": "carol", "service": "Tap", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/1", json=draft)
    assert (await cast.pat.get("/chat/booking/1/online-status")).status_code == 404
    assert list(await statuses(cast.otto)) == ["carol", "otto"]

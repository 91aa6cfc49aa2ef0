from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api.app import PREFIX
from api.live import live as live_module
from api.live import sockets
from tests.conftest import Cast, SetClock, say

Open = Callable[..., Any]


def address(server: str) -> str:
    return server.replace("http", "ws", 1) + PREFIX + "/realtime"


async def refused(server: str, path: str = "", **headers: str) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as caught:
        await connect(address(server) + path, additional_headers=headers, proxy=None)
    response = caught.value.response
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, (response.body or b"").decode()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:8000.evil.example", "http://"])
async def test_a_foreign_origin_is_refused(cast: Cast, server: str, origin: str) -> None:
    assert (await refused(server, Origin=origin))[0] == 403


async def test_a_token_in_the_address_is_refused_even_if_good(cast: Cast, server: str, token: Any) -> None:
    status, body = await refused(server, f"?token={token('pat')}")
    assert status == 400
    assert token("pat") not in body


async def test_a_bad_header_is_refused_before_there_is_a_socket(cast: Cast, server: str) -> None:
    assert (await refused(server, Authorization="Bearer nonsense"))[0] == 401


async def test_the_platform_has_no_socket(cast: Cast, server: str, token: Any) -> None:
    assert (await refused(server, Authorization=f"Bearer {token('plat')}"))[0] == 403


async def test_without_an_upgrade_there_is_a_problem(cast: Cast) -> None:
    answer = await cast.pat.get("/realtime")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_no_hello_in_time_ends_in_4408(cast: Cast, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "HELLO_SECONDS", 0.1)
    async with connect(address(server), proxy=None) as silent:
        await silent.wait_closed()
    assert silent.close_code == 4408


async def test_an_expired_token_ends_in_4401_and_a_fresh_one_extends(
    cast: Cast, device: Open, token: Any, clock: SetClock
) -> None:
    pat, carol = await device("pat"), await device("carol")
    clock.advance(3000)
    assert (await carol.ask("hello", token=token("carol")))["type"] == "ack"
    clock.advance(700)
    assert await pat.closed() == 4401
    assert (await carol.ask("ping"))["type"] == "ack"


async def test_a_socket_stays_with_its_user(cast: Cast, device: Open, token: Any) -> None:
    pat = await device("pat")
    assert (await pat.ask("hello", token=token("carol")))["problem"]["code"] == "forbidden"
    assert await pat.closed() == 4403


@pytest.mark.parametrize("change", ["revoke", "disable"])
async def test_a_revoked_user_loses_the_socket(cast: Cast, device: Open, change: str) -> None:
    pat = await device("pat")
    if change == "revoke":
        await cast.plat.post("/platform/users/pat/revoke")
    else:
        await cast.plat.put("/platform/users/pat", json={"role": "provider", "name": "Pat", "disabled": True})
    assert await pat.closed() == 4401


async def test_the_eleventh_device_takes_the_place_of_the_oldest(cast: Cast, device: Open) -> None:
    devices = [await device("pat") for _ in range(11)]
    assert await devices[0].closed() == 4409
    assert (await devices[1].ask("ping"))["type"] == "ack"


async def test_ones_devices_are_listed_and_ended_by_oneself_only(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    [item] = (await cast.pat.get("/me/sockets")).json()["items"]
    assert (await cast.carol.get("/me/sockets")).json() == {"items": []}
    assert (await cast.carol.delete(f"/me/sockets/{item['id']}")).status_code == 404
    assert (await cast.pat.delete(f"/me/sockets/{item['id']}")).status_code == 204
    assert await pat.closed() == 1000
    assert (await cast.pat.get("/me/sockets")).json() == {"items": []}


async def test_a_former_member_hears_nothing_more(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    draft = {"providerId": "otto", "customerId": "carol", "service": "Tap", "status": "confirmed"}
    await cast.plat.put("/platform/bookings/1", json=draft)
    await say(cast.carol)
    assert (await pat.event())["type"] == "conversation.updated"
    events = (await cast.pat.get("/events", params={"since": 0, "epoch": pat.welcome["epoch"]})).json()["events"]
    assert [event["type"] for event in events] == ["conversation.updated", "conversation.updated"]


async def test_a_device_that_fell_off_the_list_comes_back(cast: Cast, device: Open, app: Any) -> None:
    await device("pat")
    live = app._app.state.live
    await live.db.write(sockets.sweep, 2**53)
    assert (await cast.pat.get("/me/sockets")).json()["items"] == []
    await live._refresh()
    assert len((await cast.pat.get("/me/sockets")).json()["items"]) == 1

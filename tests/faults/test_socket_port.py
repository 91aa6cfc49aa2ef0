import json

import httpx
import pytest
from websockets.asyncio.client import connect

from api.app import PREFIX
from api.auth import make_token
from api.clock import system_clock
from api.settings import BadSettings, Settings, load
from tests.conftest import SECRET, free_socket
from tests.faults.process import served

ELSEWHERE = ("/", "/readyz", "/api/openapi.json", f"{PREFIX}/chat/conversations", f"{PREFIX}/nothing")


async def greeted(address: str, settings: Settings) -> str:
    """What a socket at this address answers to a hello."""
    token = make_token(settings, "provider", "pat", name="Pat", ttl=60, now=system_clock() // 1000)
    url = address.replace("http", "ws", 1) + PREFIX + "/realtime"
    async with connect(url, proxy=None, open_timeout=30) as connection:
        await connection.send(json.dumps({"type": "hello", "id": 1, "token": token}))
        return str(json.loads(await connection.recv())["type"])


async def test_the_second_port_answers_the_socket_and_its_health_and_nothing_else(settings: Settings) -> None:
    with free_socket() as taken:
        port = taken.getsockname()[1]
    with served(settings, CHAT_WEBSOCKET_PORT=str(port)) as server:
        second = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=second, timeout=30) as client:
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            answers = [await client.get(path) for path in ELSEWHERE]
            answers.append(await client.post(f"{PREFIX}/chat/messages/read", json={}))
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}
        assert [await greeted(address, settings) for address in (second, server.address)] == ["ack", "ack"]
        async with server.client("plat") as plat:
            assert (await plat.get("/chat/unread-count")).status_code == 403


def test_the_second_port_is_another_one() -> None:
    environ = {"PORCHLIGHT_JWT_SECRET": SECRET, "PORCHLIGHT_PORT": "3002", "CHAT_WEBSOCKET_PORT": "3002"}
    with pytest.raises(BadSettings) as caught:
        load(environ)
    assert caught.value.mistakes[-1].startswith("CHAT_WEBSOCKET_PORT: is PORCHLIGHT_PORT")

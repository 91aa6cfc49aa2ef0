"""Two devices of one user, through drops, a kill and a thousand missed messages: both show the same, all of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from api.settings import Settings
from tests.faults.client import Client
from tests.faults.process import Served, history, served, until

MISSED = 1000
AT_ONCE = 50


class Device(Client):
    """Shows one room: `shown` by `seq`, and how far each member has `read` it and was `sent` it."""

    def __init__(self, settings: Settings, name: str) -> None:
        super().__init__(settings, name)
        self.shown: dict[int, Any] = {}
        self.order: list[int] = []
        self.read: dict[str, int] = {}
        self.sent_to: dict[str, int] = {}
        self.stale: set[str] = set()

    def hear(self, frame: Any) -> None:
        super().hear(frame)
        content = frame.get("data")
        if content is None:
            # What was edited since: a later event tells of it.
            return
        if frame["type"] == "message.created":
            self.shown[content["seq"]] = content
            self.order.append(content["seq"])
        elif frame["type"] in ("message.edited", "message.deleted"):
            self.stale.add(content["id"])
        elif frame["type"] in ("messages.read", "messages.delivered"):
            places = self.read if frame["type"] == "messages.read" else self.sent_to
            assert content["seq"] > places.get(content["userId"], 0)
            places[content["userId"]] = content["seq"]

    async def refresh(self, who: httpx.AsyncClient) -> None:
        """Load what was edited or deleted, as the page says."""
        for message_id in self.stale:
            message = (await who.get(f"/chat/messages/{message_id}")).raise_for_status().json()
            self.shown[message["seq"]] = message


@asynccontextmanager
async def connected(device: Device, server: Served) -> AsyncIterator[Any]:
    line = await device.connected(server.address)
    listening = asyncio.create_task(device.listen(line))
    yield line
    line.transport.abort()
    await listening


async def say_many(who: httpx.AsyncClient, count: int, prefix: str) -> None:
    async def say(number: int) -> None:
        draft = {"text": f"{prefix} {number}", "clientMessageId": f"{prefix}-{number}"}
        (await who.post("/chat/booking/1/message", json=draft)).raise_for_status()

    for start in range(0, count, AT_ONCE):
        await asyncio.gather(*(say(number) for number in range(start, min(count, start + AT_ONCE))))


def texts(messages: list[Any]) -> list[tuple[int, str, int]]:
    return [(message["seq"], message["text"], message["version"]) for message in messages]


async def test_two_devices_end_with_the_same_complete_state(settings: Settings) -> None:
    phone, tablet = Device(settings, "pat"), Device(settings, "pat")
    with served(settings) as server:
        await server.book("1")
        async with server.client("pat") as pat, server.client("carol") as carol, connected(tablet, server):
            async with connected(phone, server) as line:
                await asyncio.gather(say_many(pat, 10, "together"), say_many(carol, 10, "with"))
                talking = asyncio.create_task(phone.talk(line, "phone"))
                await until(lambda: phone.sent >= 10)
            await talking
            # The phone is away; the tablet hears, and what it reads and takes back is missed by the phone.
            first = (await history(pat, "1"))[0]["id"]
            await say_many(carol, MISSED // 2, "missed")
            await pat.post("/chat/messages/read", json={"bookingId": "1", "seq": 300})
            await pat.patch(f"/chat/messages/{first}", json={"text": "mended"})
            await carol.post("/chat/messages/read", json={"bookingId": "1", "seq": 20})
            server.process.kill()
    with served(settings) as server:
        async with server.client("pat") as pat, server.client("carol") as carol:
            # Nobody listens for the second half.
            await say_many(carol, MISSED // 2, "late")
            last = (await history(pat, "1"))[-1]
            await pat.delete(f"/chat/messages/{(await history(pat, '1'))[1]['id']}")
            async with connected(phone, server), connected(tablet, server):
                await say_many(carol, 5, "live")
                await until(lambda: max(phone.order) == max(tablet.order) == last["seq"] + 5, 60)
            for device in (phone, tablet):
                await device.refresh(pat)
            stored = await history(pat, "1")
    assert len(stored) >= 35 + MISSED
    for device in (phone, tablet):
        assert device.order == sorted(device.order)
        assert texts([device.shown[seq] for seq in sorted(device.shown)]) == texts(stored)
        assert device.positions == list(range(device.positions[0], device.positions[-1] + 1))
        assert device.recovered[1:] == [True] * (len(device.recovered) - 1)
        assert device.read == {"pat": 300, "carol": 20}
    assert phone.positions[-1] == tablet.positions[-1]

"""kill -9 at random moments while twenty people send."""

import asyncio
import random
from collections import Counter

import httpx
import pytest

from api.settings import Settings
from tests.faults.process import Served, history, served, until

SENDERS = 20
ROOMS = [f"room-{number}" for number in range(4)]


class Sender:
    """Sends one message after the other, and repeats the one that nobody answered."""

    def __init__(self, number: int) -> None:
        self.name = ("pat", "carol")[number % 2]
        self.room = ROOMS[number % len(ROOMS)]
        self.number, self.sent = number, 0
        self.answered: list[tuple[str, int]] = []

    async def send(self, server: Served) -> None:
        async with server.client(self.name) as client:
            while True:
                client_id = f"{self.number}-{self.sent}"
                draft = {"text": f"Message {client_id}", "clientMessageId": client_id}
                try:
                    answer = await client.post(f"/chat/booking/{self.room}/message", json=draft)
                except httpx.TransportError:
                    return
                assert answer.status_code == 201, answer.text
                self.answered.append((client_id, answer.json()["seq"]))
                self.sent += 1


async def killed_under_load(server: Served, senders: list[Sender]) -> None:
    sending = [asyncio.create_task(sender.send(server)) for sender in senders]
    before = sum(len(sender.answered) for sender in senders)
    await until(lambda: sum(len(sender.answered) for sender in senders) >= before + SENDERS)
    await asyncio.sleep(random.uniform(0, 0.4))
    server.process.kill()
    await asyncio.gather(*sending)


async def survives(settings: Settings, rounds: int) -> None:
    senders = [Sender(number) for number in range(SENDERS)]
    for _ in range(rounds):
        with served(settings) as server:
            await server.book(*ROOMS)
            await killed_under_load(server, senders)
    with served(settings) as server:
        for room in ROOMS:
            await everything_answered_is_there(server, room, [one for one in senders if one.room == room])


async def everything_answered_is_there(server: Served, room: str, senders: list[Sender]) -> None:
    async with server.client("pat") as client:
        stored = await history(client, room)
    assert [message["seq"] for message in stored] == list(range(1, len(stored) + 1))
    by_id = {message["clientMessageId"]: message["seq"] for message in stored}
    assert max(Counter(message["clientMessageId"] for message in stored).values()) == 1
    answered = dict(pair for sender in senders for pair in sender.answered)
    assert answered.items() <= by_id.items()
    # At most the one message of each sender that was in work when the server died.
    assert len(by_id) - len(answered) <= len(senders)


async def test_every_answered_message_survives_five_kills(settings: Settings) -> None:
    await survives(settings, 5)


@pytest.mark.slow
async def test_every_answered_message_survives_twenty_five_kills(settings: Settings) -> None:
    await survives(settings, 25)

"""A client that keeps its place: it reconnects, resumes, and holds what it has heard."""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from api.app import PREFIX
from api.auth import make_token
from api.clock import system_clock
from api.settings import Settings
from tests.conftest import ROLES


class Client:
    """`positions` of all events heard, in the order they came; `acknowledged` messages by their client id."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.token = make_token(settings, ROLES[name], name, name=name.title(), ttl=3600, now=system_clock() // 1000)
        self.place: dict[str, Any] | None = None
        self.positions: list[int] = []
        self.messages: list[Any] = []
        self.acknowledged: dict[str, int] = {}
        self.recovered: list[bool] = []
        self.close_codes: list[int] = []
        self.notices: list[int] = []
        self.sent = 0

    async def connected(self, address: str) -> ClientConnection:
        """Has said hello and been welcomed. Raises OSError, WebSocketException."""
        connection = await connect(address.replace("http", "ws", 1) + PREFIX + "/realtime", proxy=None, open_timeout=20)
        hello = {"type": "hello", "id": 0, "token": self.token} | ({"resume": self.place} if self.place else {})
        await connection.send(json.dumps(hello))
        while (frame := json.loads(await connection.recv()))["type"] != "welcome":
            assert frame["type"] == "ack", frame
        self.recovered.append(frame["recovered"])
        if self.place is None or not frame["recovered"]:
            self.place = {"epoch": frame["epoch"], "positions": frame["positions"]}
        return connection

    async def listen(self, connection: ClientConnection) -> None:
        """Until the connection ends."""
        try:
            while True:
                self.hear(json.loads(await connection.recv()))
        except ConnectionClosed as closed:
            self.close_codes.append(closed.rcvd.code if closed.rcvd else 1006)

    def hear(self, frame: Any) -> None:
        if frame["type"] == "ack":
            self.acknowledged[frame["result"]["clientMessageId"]] = frame["result"]["seq"]
        elif frame["type"] == "restarting":
            self.notices.append(frame["reconnectInMs"])
        elif "position" in frame:
            assert self.place is not None
            self.place["positions"]["user"] = frame["position"]
            self.positions.append(frame["position"])
            if frame["type"] == "message.created":
                self.messages.append(frame["data"])

    async def talk(self, connection: ClientConnection, prefix: str) -> None:
        """Send one message after the other, each again after a break until it is acknowledged."""
        while True:
            client_id = f"{prefix}-{self.sent}"
            draft = {"text": client_id, "clientMessageId": client_id}
            try:
                await connection.send(
                    json.dumps({"type": "message.send", "id": self.sent + 1, "bookingId": "1", "message": draft})
                )
            except WebSocketException:
                return
            while client_id not in self.acknowledged:
                if connection.close_code is not None:
                    return
                await asyncio.sleep(0.002)
            self.sent += 1

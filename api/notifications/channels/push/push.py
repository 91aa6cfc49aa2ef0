"""Push messages to all devices of somebody, each by its own way."""

from typing import Any

import httpx
import msgspec

from api.db import Database, Tx
from api.notifications.channels.push.fcm import Fcm
from api.notifications.channels.push.webpush import BadSubscription, Vapid, sealed, vapid_key
from api.notifications.channels.types import Letter, Refused, Sent
from api.notifications.devices import queries
from api.notifications.devices.types import Address
from api.outbound import client

GONE = (404, 410)
# A record holds 4,000 bytes, and a character takes up to 6 of them in JSON.
MOST_CHARACTERS = 250


class Push:
    """A letter is sent when one device took it; devices that their service has forgotten are removed."""

    repeatable = True

    def __init__(self, db: Database, contact: str, fcm: Fcm | None) -> None:
        self._db, self._contact, self._fcm = db, contact, fcm
        self._vapid: Vapid | None = None

    async def vapid(self) -> Vapid:
        """The server's own key, made at its first start and kept in the database."""
        if self._vapid is None:
            key = await self._db.read(queries.vapid_key)
            self._vapid = Vapid(vapid_key(key), self._contact)
        return self._vapid

    def addresses(self, tx: Tx, user_id: str) -> list[str]:
        return [device.id for device in queries.addresses(tx, user_id) if device.kind == "webpush" or self._fcm]

    async def close(self) -> None: ...

    def within_caps(self, tx: Tx, user_id: str, address: str) -> bool:
        return True

    async def send(self, letter: Letter) -> Sent:
        took, waits = False, None
        async with client() as http:
            for device_id in letter.addresses:
                device = await self._db.read(queries.address, device_id)
                if device is None:
                    continue
                try:
                    took = await self._send_to(http, device, letter) or took
                except (httpx.HTTPError, ConnectionError) as error:
                    waits = error
        if took:
            return Sent()
        if waits is not None:
            raise waits
        raise Refused("None of your devices takes push messages any more.")

    async def _send_to(self, http: httpx.AsyncClient, device: Address, letter: Letter) -> bool:
        """Whether the device's service took it. Raises ConnectionError, httpx.HTTPError to be asked again."""
        try:
            answer = await self._handed(http, device, letter)
        except BadSubscription:
            answer = httpx.Response(GONE[0])
        if answer.status_code in GONE:
            await self._db.write(queries.forget, device.address)
            return False
        if answer.status_code == 429 or answer.status_code >= 500:
            raise ConnectionError(f"the push service answered {answer.status_code}")
        if answer.status_code >= 400:
            return False
        await self._db.write(queries.used, device.id)
        return True

    async def _handed(self, http: httpx.AsyncClient, device: Address, letter: Letter) -> httpx.Response:
        if device.kind == "fcm" and self._fcm is not None:
            return await self._fcm.send(http, _for_app(device.address, letter))
        if device.p256dh is None or device.auth is None:
            raise BadSubscription
        vapid = await self.vapid()
        content = {
            "title": letter.title[:MOST_CHARACTERS],
            "body": letter.body[:MOST_CHARACTERS],
            "action": letter.action,
            "tag": letter.collapse,
        }
        body = sealed(msgspec.json.encode(content), device.p256dh, device.auth)
        headers = vapid.headers(device.address, letter.collapse, urgent=letter.priority == "high")
        return await http.post(device.address, content=body, headers=headers)


def _for_app(token: str, letter: Letter) -> dict[str, Any]:
    urgent = letter.priority == "high"
    return {
        "token": token,
        "notification": {"title": letter.title, "body": letter.body[:1000]},
        "data": {"action": letter.action or "", "key": letter.key},
        "android": {"collapse_key": letter.collapse, "priority": "HIGH" if urgent else "NORMAL"},
        "apns": {"headers": {"apns-collapse-id": letter.collapse[:64], "apns-priority": "10" if urgent else "5"}},
    }

"""Due work of notifications: decide, hand letters to channels, write down what became of them."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec

from api.db import Database, Tx
from api.loops import Pace
from api.notifications import texts
from api.notifications.channels.types import Channel, Letter, Refused, Unclear
from api.notifications.dispatch import actions
from api.notifications.dispatch.actions import Unwanted, Ways
from api.notifications.preferences.types import ChannelName
from api.outbox.loop import MOST_ATTEMPTS, Work
from api.outbox.types import Due

log = logging.getLogger("porchlight.notifications")
# Letters a second for each way and process: providers refuse those who are faster.
RATES: Mapping[ChannelName, float] = {"push": 200.0, "email": 20.0, "sms": 5.0}
SEND_SECONDS = 20.0


class Pipeline:
    """Handlers for the due rows of notifications."""

    def __init__(
        self, db: Database, base_url: str, channels: Mapping[ChannelName, Channel], causes: Mapping[str, Unwanted]
    ) -> None:
        self._db = db
        self._ways = Ways(channels, causes, base_url)
        self.offered = self._ways.offered
        self._paces = {name: Pace(RATES[name]) for name in channels}
        self.works: Mapping[str, Work] = {
            "notification.route": Work(within=self._route),
            "notification.deliver": Work(outside=self._deliver),
            "notification.digest": Work(outside=self._digest),
            "device.test": Work(outside=self._try_device),
        }

    async def close(self) -> None:
        for channel in self._ways.channels.values():
            await channel.close()

    def _route(self, tx: Tx, row: Due) -> None:
        actions.route(tx, self._ways, row.subject)

    async def _deliver(self, row: Due) -> None:
        channel = await self._db.read(actions.channel_of, row.subject)
        if channel is not None and channel in self._ways.channels:
            await self._send(row, channel, lambda tx: actions.prepare(tx, self._ways, row.subject, row.id))

    async def _digest(self, row: Due) -> None:
        user_id, name, _ = row.subject.split(" ")
        channel = msgspec.convert(name, ChannelName)
        if channel in self._ways.channels:
            await self._send(row, channel, lambda tx: actions.prepare_digest(tx, self._ways, user_id, channel, row.id))

    async def _try_device(self, row: Due) -> None:
        """To one device, whatever its person chose: they asked for it."""
        push = self._ways.channels.get("push")
        if push is not None:
            title, body = texts.text(None, "device.test", {})
            letter = Letter(row.id, "", [row.subject], title, body, "", f"test:{row.subject}", "high", None, "")
            with suppress(Refused):
                await push.send(letter)

    async def _send(self, row: Due, channel: ChannelName, prepare: Callable[[Tx], Letter | None]) -> None:
        """One try. Its key is the row's id, the same for each try; what fails is tried again by the outbox."""
        await self._paces[channel].turn()
        letter = await self._db.write(prepare)
        if letter is None:
            return
        try:
            async with asyncio.timeout(SEND_SECONDS):
                sent = await self._ways.channels[channel].send(letter)
        except Refused as refusal:
            await self._db.write(actions.finished, row.id, "failed", str(refusal))
        except Unclear as doubt:
            await self._db.write(actions.finished, row.id, "unknown", str(doubt))
        except Exception as error:
            await self._db.write(
                actions.put_back, row.id, last=row.attempts >= MOST_ATTEMPTS, reason=type(error).__name__
            )
            raise
        else:
            await self._db.write(actions.finished, row.id, "sent", sent.provider_id)

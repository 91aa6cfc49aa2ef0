"""Typing over the socket."""

from collections.abc import Mapping

from api.chat.presence.types import TypingFrame
from api.chat.presence.typing import Typists
from api.live.wire import Caller, Done, FrameKind


def kinds(typists: Typists) -> Mapping[str, FrameKind]:
    async def type_(caller: Caller, frame: TypingFrame) -> Done:
        await typists.type(caller.db, caller.actor, frame.booking_id, frame.typing)
        return Done()

    return {"typing": FrameKind(TypingFrame, "typing", type_)}

"""Who else is in a room."""

from api.chat.types import Place
from api.ids import PlatformId
from api.platform.types import BookingStatus
from api.requests import Body


class MemberDraft(Body):
    """An agent names themselves, the booking's provider a helper who is a provider too."""

    user_id: PlatformId


class Standing(Place):
    """A room and its booking, and what somebody is in it."""

    booking_status: BookingStatus
    present: bool
    is_provider: bool

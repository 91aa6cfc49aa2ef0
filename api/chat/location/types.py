"""Where a member is, while they share it."""

from typing import Annotated

from msgspec import Meta

from api.clock import Time
from api.db.rows import Record
from api.ids import PlatformId
from api.requests import Body

LONGEST_SHARE_SECONDS = 8 * 3600
Latitude = Annotated[float, Meta(ge=-90, le=90, description="Degrees north; kept to six decimals.")]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="Degrees east; kept to six decimals.")]
Metres = Annotated[float, Meta(ge=0, le=100_000)]
ShareSeconds = Annotated[int, Meta(ge=1, le=LONGEST_SHARE_SECONDS)]


class ShareDraft(Body):
    """Either a position, or `stop`. `share_for_seconds` counts from now; without it a running share keeps its end."""

    latitude: Latitude | None = None
    longitude: Longitude | None = None
    accuracy: Metres | None = None
    share_for_seconds: ShareSeconds | None = None
    stop: bool = False


class ShareFrame(ShareDraft, kw_only=True):
    booking_id: PlatformId


class Share(Record):
    """Until when the caller's position is shown; null when it is not."""

    ends_at: Time | None


class Position(Record):
    """Of a member, as last heard; `accuracy` in metres."""

    user_id: str
    latitude: float
    longitude: float
    accuracy: int | None
    updated_at: Time
    ends_at: Time


class Positions(Record):
    items: list[Position]


class Located(Record):
    """`position` is null when a member no longer shares."""

    booking_id: str
    user_id: str
    position: Position | None

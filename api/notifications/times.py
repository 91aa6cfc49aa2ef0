"""Times as people read them."""

from zoneinfo import ZoneInfo

from api.clock import Time, milliseconds
from api.localtime import wall
from api.notifications.preferences.effective import is_zone


def shown(moment: Time | None, timezone: str | None) -> str | None:
    """Date and time as the clocks of somebody's zone show them: `2026-11-24 14:30`."""
    if moment is None:
        return None
    zone = timezone if timezone is not None and is_zone(timezone) else "UTC"
    return f"{wall(milliseconds(moment), ZoneInfo(zone)):%Y-%m-%d %H:%M}" + ("" if zone == timezone else " UTC")

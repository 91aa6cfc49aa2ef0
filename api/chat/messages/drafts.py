"""What a draft must hold, by its type."""

from api.chat.types import Draft, Location
from api.errors import InvalidRequest

WITH_FILES = ("image", "file", "voice")


def check(draft: Draft, most_characters: int) -> None:
    """Raises InvalidRequest."""
    check_text(draft.type, draft.text, most_characters)
    if (draft.attachment_ids is not None) is not (draft.type in WITH_FILES):
        raise _misplaced("/attachmentIds", draft.attachment_ids is None, draft.type)
    if draft.attachment_ids is not None and len(set(draft.attachment_ids)) < len(draft.attachment_ids):
        raise InvalidRequest.at("/attachmentIds", "duplicate", "names a file twice")
    if draft.type == "voice" and len(draft.attachment_ids or []) > 1:
        raise InvalidRequest.at("/attachmentIds", "too_many", "must be one file for a voice message")
    if (draft.location is not None) is not (draft.type == "location"):
        raise _misplaced("/location", draft.location is None, draft.type)


def check_text(kind: str, text: str | None, most_characters: int) -> None:
    """Only a message of the type `text` must say something. Raises InvalidRequest."""
    if text is not None and len(text) > most_characters:
        raise InvalidRequest.at("/text", "too_long", f"has more than {most_characters} characters")
    if kind == "text" and text is None:
        raise InvalidRequest.at("/text", "required", "is missing")
    if kind == "text" and not (text or "").strip():
        raise InvalidRequest.at("/text", "blank", "says nothing")


def kept(place: Location | None) -> Location | None:
    """As it will be read: to the millionth of a degree, which is a hand's breadth."""
    if place is None:
        return None
    return Location(latitude=round(place.latitude, 6), longitude=round(place.longitude, 6), accuracy=place.accuracy)


def _misplaced(pointer: str, missing: bool, kind: str) -> InvalidRequest:
    if missing:
        return InvalidRequest.at(pointer, "required", "is missing")
    return InvalidRequest.at(pointer, "misplaced", f"does not belong to a message of the type {kind}")

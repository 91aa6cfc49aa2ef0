"""What a draft must hold, by its type."""

from collections.abc import Sequence

from api.chat.types import Draft, Location
from api.errors import InvalidRequest
from api.files.types import Attachment
from api.settings import Settings

WITH_FILES = ("image", "file", "voice")
# How the type of each file of a message begins.
TYPES = {"image": "image/", "voice": "audio/"}


def check(draft: Draft, most_characters: int) -> None:
    """Raises InvalidRequest."""
    check_text(draft.type, draft.text, most_characters)
    if (draft.attachment_ids is not None) is not (draft.type in WITH_FILES):
        raise _misplaced("/attachmentIds", draft.attachment_ids is None, draft.type)
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


def check_files(kind: str, files: Sequence[Attachment], settings: Settings) -> None:
    """An image message holds images, a voice message a sound that is not too long. Raises InvalidRequest."""
    for number, file in enumerate(files):
        if not file.type.startswith(TYPES.get(kind, "")):
            raise InvalidRequest.at(f"/attachmentIds/{number}", "wrong_type", f"is no {kind}")
        if kind == "voice":
            _check_voice(file, settings)


def _check_voice(file: Attachment, settings: Settings) -> None:
    if file.size > settings.voice_size_limit:
        raise InvalidRequest.at("/attachmentIds/0", "too_large", f"has more than {settings.voice_size_limit} bytes")
    if file.duration_seconds is None:
        raise InvalidRequest.at("/attachmentIds/0", "wrong_type", "does not say how long it is")
    if file.duration_seconds > settings.voice_seconds:
        raise InvalidRequest.at("/attachmentIds/0", "too_long", f"is longer than {settings.voice_seconds} seconds")


def kept(place: Location | None) -> Location | None:
    """As it will be read: to the millionth of a degree, which is a hand's breadth."""
    if place is None:
        return None
    return Location(latitude=round(place.latitude, 6), longitude=round(place.longitude, 6), accuracy=place.accuracy)


def _misplaced(pointer: str, missing: bool, kind: str) -> InvalidRequest:
    if missing:
        return InvalidRequest.at(pointer, "required", "is missing")
    return InvalidRequest.at(pointer, "misplaced", f"does not belong to a message of the type {kind}")

"""The texts of quick responses, and the fields in them. A template is text with fields, and nothing else is special."""

import re
from collections.abc import Mapping

from api.chat.quick.types import Template
from api.errors import InvalidRequest

BUILT_IN = {
    "greeting": "Hello! I'm on my way to provide your service.",
    "on_way": "I'm on my way to your location. I'll arrive in about 10-15 minutes.",
    "arrived": "I've arrived at your location. Please let me know where you'd like me to start.",
    "completed": "The service has been completed. Thank you for choosing our service!",
}
CUSTOM = "custom"
TITLES = {"greeting": "Greeting", "on_way": "On my way", "arrived": "Arrived", "completed": "Completed"}
# What stands in the place of a field whose value nobody knows.
DEFAULTS = {"customerName": "there", "providerName": "your provider", "service": "your service", "etaMinutes": "10-15"}
FIELD = re.compile(r"\{([^{}]*)\}")


def built_in() -> list[Template]:
    return [Template(key, TITLES[key], text, built_in=True) for key, text in BUILT_IN.items()]


def check(text: str, most_characters: int) -> None:
    """Raises InvalidRequest for an unknown field, and for a brace that is none: no reader shall ever see one."""
    if len(text) > most_characters:
        raise InvalidRequest.at("/text", "too_long", f"has more than {most_characters} characters")
    if not text.strip():
        raise InvalidRequest.at("/text", "blank", "says nothing")
    known = ", ".join(f"{{{name}}}" for name in DEFAULTS)
    if any(name not in DEFAULTS for name in fields(text)):
        raise InvalidRequest.at("/text", "unknown_variable", f"has a field that is none of {known}")
    if set("{}") & set(FIELD.sub("", text)):
        raise InvalidRequest.at("/text", "stray_brace", f"has a brace that belongs to none of {known}")


def fields(text: str) -> set[str]:
    return set(FIELD.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields' values, which are taken as they are, braces and all."""
    return FIELD.sub(lambda field: values[field[1]], text)

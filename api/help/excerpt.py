"""The passage of a text in which the words that matched stand."""

import re

LENGTH = 160


def excerpt(text: str, words: list[str], length: int = LENGTH) -> str:
    """At most `length` characters and two ellipses, cut between words, beginning shortly before the first match."""
    if len(text) <= length:
        return text
    start = _word_start(text, max(0, _first_match(text, words) - length // 4))
    end = start + length
    if end < len(text):
        end = text.rfind(" ", start, end + 1)
        end = end if end > start else start + length
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")


def _first_match(text: str, words: list[str]) -> int:
    folded = text.lower()
    places = [re.search(rf"(?<!\w){re.escape(word)}", folded) for word in words]
    return min((place.start() for place in places if place), default=0)


def _word_start(text: str, position: int) -> int:
    return text.find(" ", position) + 1 if position else 0

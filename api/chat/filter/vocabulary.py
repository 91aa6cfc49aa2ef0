"""The words of vocabulary.txt, folded as the texts are that they are looked for in."""

from pathlib import Path

from api.chat.filter.fold import fold


def _read() -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for line in Path(__file__).with_name("vocabulary.txt").read_text("utf-8").splitlines():
        name, mark, listed = line.partition(": ")
        if mark and not line.startswith("#"):
            found.setdefault(name, []).append(fold(listed).text.split())
    return found


_lists = _read()


def words(name: str) -> frozenset[str]:
    return frozenset(word for line in _lists[name] for word in line)


def languages(name: str) -> list[list[str]]:
    """A list whose lines are one language each, its words in order."""
    return _lists[name]

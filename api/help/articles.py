"""Articles as writers write them: Markdown with front matter, checked with file and line."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TypeVar

import msgspec
import yaml
from msgspec import Struct

from api.help.types import CATEGORY_TITLES, CategoryId, FrontMatter, Shelf

SHELVES = {f"{category}/index.md": category for category in CATEGORY_TITLES}


class Mistake(Struct, frozen=True):
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class ArticleMistakes(Exception):
    """Everything that is wrong, so that a writer mends it in one go."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


class Source(Struct, frozen=True):
    """One article. `path` is relative to the docs folder; `first_line` is the line on which `body` begins."""

    path: str
    front: FrontMatter
    body: str
    first_line: int


Front = TypeVar("Front", FrontMatter, Shelf)

_FRONT = re.compile(r"\A---[ \t]*\r?\n(?P<yaml>.*?)^---[ \t]*\r?\n", re.DOTALL | re.MULTILINE)


def read_article(path: str, text: str) -> Source:
    """Raises ArticleMistakes."""
    block, body, first_line = _split(path, text)
    front = _convert(path, block, FrontMatter)
    mistakes = [*_misplaced(path, block, front), *_forbidden_markup(path, body, first_line)]
    if mistakes:
        raise ArticleMistakes(mistakes)
    return Source(path, front, body.strip() + "\n", first_line)


def read_shelf(path: str, text: str) -> Shelf:
    """The front matter of a category's index.md. Raises ArticleMistakes."""
    block, _, _ = _split(path, text)
    return _convert(path, block, Shelf)


def missing_icon(path: str, text: str, icon: str) -> Mistake:
    block, _, _ = _split(path, text)
    return Mistake(path, _line_of(block, [("icon", "")]), f"icon: the theme has no {icon}")


class Docs(Struct, frozen=True):
    """All articles by path, and what each category's index.md says by category."""

    sources: dict[str, Source]
    shelves: dict[CategoryId, Shelf]


def read_all(texts: dict[str, str]) -> Docs:
    """Every Markdown file of the category folders, by path. Raises ArticleMistakes."""
    docs = Docs({}, {})
    mistakes: list[Mistake] = []
    for path, text in texts.items():
        try:
            if path in SHELVES:
                docs.shelves[SHELVES[path]] = read_shelf(path, text)
            else:
                docs.sources[path] = read_article(path, text)
        except ArticleMistakes as wrong:
            mistakes += wrong.mistakes
    mistakes += [Mistake(path, 1, "is missing") for path in SHELVES if path not in texts]
    mistakes += _clashes(docs.sources.values())
    if not mistakes:
        mistakes += _strangers(docs)
    if mistakes:
        raise ArticleMistakes(mistakes)
    return docs


def _clashes(sources: Iterable[Source]) -> list[Mistake]:
    first: dict[str, str] = {}
    return [
        Mistake(source.path, 2, f"id: {source.front.id} is taken by {other}")
        for source in sources
        if (other := first.setdefault(source.front.id, source.path)) != source.path
    ]


def _strangers(docs: Docs) -> list[Mistake]:
    shelved = {(source.front.category, source.front.id) for source in docs.sources.values()}
    return [
        Mistake(f"{category}/index.md", 2, f"order: no article {article} in this category")
        for category, shelf in docs.shelves.items()
        for article in shelf.order
        if (category, article) not in shelved
    ]


def _split(path: str, text: str) -> tuple[str, str, int]:
    found = _FRONT.match(text)
    if not found:
        raise ArticleMistakes([Mistake(path, 1, "begins with front matter between two lines of ---")])
    return found["yaml"], text[found.end() :], text.count("\n", 0, found.end()) + 1


def _convert(path: str, block: str, kind: type[Front]) -> Front:
    try:
        return msgspec.convert(yaml.load(block, yaml.CSafeLoader), kind)
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line if broken.problem_mark else 0
        raise ArticleMistakes([Mistake(path, line + 2, f"front matter: {broken.problem}")]) from broken
    except msgspec.ValidationError as invalid:
        message, _, where = str(invalid).partition(" - at `$")
        unknown = re.findall(r"unknown field `(\w+)`", message)
        steps = re.findall(r"\.(\w+)|\[(\d+)\]", where) + [(name, "") for name in unknown]
        name = ".".join(key for key, _ in steps if key) or "front matter"
        raise ArticleMistakes([Mistake(path, _line_of(block, steps), f"{name}: {message}")]) from invalid


def _line_of(block: str, steps: list[tuple[str, str]]) -> int:
    """The line in the file on which the value stands that `steps` lead to; 2 when it is missing."""
    node = yaml.compose(block, yaml.CSafeLoader)
    line = 0
    for key, position in steps:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == key), None)
            if not found:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and position:
            node = node.value[int(position)]
            line = node.start_mark.line
    return line + 2


def _misplaced(path: str, block: str, front: FrontMatter) -> list[Mistake]:
    folder = PurePosixPath(path).parent.name
    if folder == front.category:
        return []
    return [
        Mistake(path, _line_of(block, [("category", "")]), f"category: {front.category}, but the file is in {folder}")
    ]


_FENCE = re.compile(r"^\s*(```|~~~)")
_CODE_SPAN = re.compile(r"(`+).+?\1")
_FORBIDDEN = {
    "raw HTML is not published; write Markdown": re.compile(r"<[A-Za-z/!?]"),
    "no script addresses": re.compile(r"\b(javascript:|vbscript:|data:\w+/)", re.IGNORECASE),
    "no event or style attributes": re.compile(r"\{:?[^}]*\b(on\w+|style)\s*=", re.IGNORECASE),
    "no file inclusion": re.compile(r"^\s*-{1,}8<-{1,}"),
    "the title stands in the front matter; sections begin with ##": re.compile(r"^# "),
}


def _forbidden_markup(path: str, body: str, first_line: int) -> list[Mistake]:
    mistakes = []
    fenced = False
    for number, line in enumerate(body.splitlines(), first_line):
        if _FENCE.match(line):
            fenced = not fenced
        if fenced:
            continue
        text = _CODE_SPAN.sub("", line)
        mistakes += [Mistake(path, number, why) for why, pattern in _FORBIDDEN.items() if pattern.search(text)]
    return mistakes

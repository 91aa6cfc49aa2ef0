"""The help centre as the API answers it: one published build, held in memory, replaced whole."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec
from msgspec import Struct

from api.errors import HelpUnavailable, Overloaded
from api.help import catalogue
from api.help.excerpt import excerpt
from api.help.search import INDEX, Group, Searcher, SearchIndex, plain_text
from api.help.terms import read_terms
from api.help.types import Article, Catalogue, Facets, SearchItem, SearchResult, Tag
from api.site import publish

T = TypeVar("T")
P = ParamSpec("P")
MOST_WAITING = 100
NOTHING = "no build is published"


class BrokenBuild(Exception):
    """A published build cannot be read; the message says which file and why."""


class LibraryState(Struct, frozen=True, rename="camel"):
    """`problem` is set while the published build cannot be read; what was read before it is still answered."""

    ready: bool
    version: str | None
    problem: str | None


class Edition:
    """One build. `version` changes with every publication: an ingredient of every help answer's ETag."""

    def __init__(self, version: str, contents: Catalogue, searcher: Searcher | None) -> None:
        self.version = version
        self.categories = contents.categories
        self.articles = {article.id: article for article in contents.articles}
        self.locations = contents.locations
        self.searcher = searcher
        counts = Counter(tag for article in contents.articles for tag in article.tags)
        self.tags = [Tag(tag, count) for tag, count in sorted(counts.items())]

    def search(self, text: str, category: str | None = None, tag: str | None = None, limit: int = 20) -> SearchResult:
        """Pages in the order of the site's search box, then filtered. Holds the interpreter: call it on a thread.

        Raises HelpUnavailable where the build's index could not be read.
        """
        if self.searcher is None:
            raise HelpUnavailable
        terms = read_terms(text)
        found = [(self.articles[self.locations[group.page]], group) for group in self.searcher.groups(terms)]
        wanted = [
            (article, group)
            for article, group in found
            if category in (None, article.category) and (tag is None or tag in article.tags)
        ]
        return SearchResult(
            [_item(article, group) for article, group in wanted[:limit]],
            _facets([article for article, _ in found]),
            fuzzy=False,
            suggestions=self.searcher.completions(terms),
        )


def read_build(built: Path, search_enabled: bool = True) -> tuple[Catalogue, SearchIndex | None]:
    """The files of a build, whole and fitting together. Raises BrokenBuild."""
    contents = _decoded(built, catalogue.FILE, Catalogue)
    return contents, _read_index(built, contents) if search_enabled else None


def _decoded(built: Path, file: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode((built / file).read_bytes(), type=kind)
    except OSError as broken:
        # Not its own words: they hold the whole path, and /readyz shows this to whoever asks.
        raise BrokenBuild(f"{built.name}/{file}: {broken.strerror}") from broken
    except msgspec.MsgspecError as broken:
        raise BrokenBuild(f"{built.name}/{file}: {broken}") from broken


def read_edition(built: Path, search_enabled: bool = True) -> Edition:
    """Raises BrokenBuild."""
    contents, index = read_build(built, search_enabled)
    return Edition(built.name, contents, Searcher(index) if index else None)


class Library:
    """Answers from the last build that could be read. `refresh` may be called from any thread, one at a time."""

    def __init__(self, site_dir: Path, search_enabled: bool = True) -> None:
        self._site_dir = site_dir
        self._search_enabled = search_enabled
        self._edition: Edition | None = None
        self._seen: object = None
        self._problem: str | None = NOTHING

    def refresh(self) -> bool:
        """Read the published build if it changed since the last look; true when there is a new one to answer from."""
        built = publish.current(self._site_dir)
        marks = _marks(built)
        if marks == self._seen:
            return False
        self._seen = marks
        if built is None:
            self._problem = NOTHING
            return False
        return self._take(built, self._search_enabled)

    def _take(self, built: Path, with_search: bool) -> bool:
        try:
            self._edition = read_edition(built, with_search)
        except BrokenBuild as broken:
            # Articles without search are better than nothing at all.
            partly = with_search and self._edition is None and self._take(built, with_search=False)
            self._problem = str(broken)
            return partly
        self._problem = None
        return True

    @property
    def state(self) -> LibraryState:
        version = self._edition.version if self._edition else None
        return LibraryState(version is not None, version, self._problem)

    @property
    def edition(self) -> Edition:
        """What one answer is made from; take it once per request. Raises HelpUnavailable."""
        if self._edition is None:
            raise HelpUnavailable
        return self._edition


class Searches:
    """One search at a time: lunr holds the interpreter, and two at once make each other and all else slow."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "search")
        self._waiting = 0

    async def run(self, search: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises Overloaded."""
        if self._waiting >= MOST_WAITING:
            raise Overloaded
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: search(*args, **kwargs))
        finally:
            self._waiting -= 1


def _read_index(built: Path, contents: Catalogue) -> SearchIndex:
    index = _decoded(built, INDEX, SearchIndex)
    if {entry.page for entry in index.docs} != contents.locations.keys():
        raise BrokenBuild(f"{built.name}/{INDEX}: does not hold the articles of the catalogue")
    return index


def _marks(built: Path | None) -> object:
    """What changes when somebody publishes, and also when somebody damages the files in place."""
    if built is None:
        return None
    return built.name, [_mark(built / file) for file in (catalogue.FILE, INDEX)]


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _item(article: Article, group: Group) -> SearchItem:
    best = group.hits[0]
    fragment = best.entry.location[len(group.page) :]
    section = plain_text(best.entry.title) if fragment else None
    text = plain_text(best.entry.text) or article.summary
    return SearchItem(
        article.id, article.title, article.url + fragment, section, excerpt(text, best.words), round(best.score, 3)
    )


def _facets(articles: list[Article]) -> Facets:
    categories: Counter[str] = Counter(article.category for article in articles)
    tags = Counter(tag for article in articles for tag in article.tags)
    return Facets(dict(categories), dict(tags))

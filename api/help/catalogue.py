"""What the build hands to the API: every article with its rendering, its neighbours and its place on the shelf."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from heapq import nlargest
from math import ceil
from pathlib import Path

import msgspec
import nh3
from msgspec import Struct

from api.clock import milliseconds, rfc3339
from api.help.articles import Source
from api.help.types import CATEGORY_TITLES, Article, ArticleRef, Catalogue, Category, CategoryId, Shelf
from api.site.marks import FOLDER

WORDS_PER_MINUTE = 200
RELATED = 3
_PERMALINK = re.compile(r'<a class="headerlink".*?</a>')
FILE = FOLDER / "catalogue.json"


class Page(Struct, frozen=True):
    """What the site's build knows of an article. `location` is its address in the search index."""

    location: str
    url: str
    html: str
    updated_at: datetime


def catalogue(
    sources: list[Source], pages: dict[str, Page], shelves: Mapping[CategoryId, Shelf], home: str
) -> Catalogue:
    """`pages` are by article id; `home` is the address of the site's first page, with its slash."""
    shelved = [source for category in CATEGORY_TITLES for source in on_shelf(sources, category, shelves[category])]
    refs = {source.front.id: _ref(source, pages[source.front.id].url) for source in shelved}
    near = related(shelved)
    articles = [
        _article(source, pages[source.front.id], refs, [refs[other] for other in near[source.front.id]])
        for source in shelved
    ]
    categories = [
        Category(category, title, shelves[category].summary, order, len(own), f"{home}{category}/", own)
        for order, (category, title) in enumerate(CATEGORY_TITLES.items(), 1)
        for own in [[ref for ref in refs.values() if ref.category == category]]
    ]
    return Catalogue(categories, articles, {pages[article.id].location: article.id for article in articles})


def on_shelf(sources: Iterable[Source], category: str, shelf: Shelf) -> list[Source]:
    """A category's articles: those its shelf names first, in that order, then the rest by title."""
    place = {article: position for position, article in enumerate(shelf.order)}
    own = [source for source in sources if source.front.category == category]
    return sorted(own, key=lambda source: (place.get(source.front.id, len(place)), source.front.title))


def related(sources: list[Source]) -> dict[str, list[str]]:
    """For each id those of the nearest articles: by shared tags, rare ones more than common ones, then by category."""
    wearers: dict[str, list[Source]] = {}
    for source in sources:
        for tag in source.front.tags:
            wearers.setdefault(tag, []).append(source)
    return {source.front.id: _nearest(source, wearers) for source in sources}


def _nearest(source: Source, wearers: dict[str, list[Source]]) -> list[str]:
    nearness: dict[str, float] = defaultdict(float)
    for tag in source.front.tags:
        for other in wearers[tag]:
            same_shelf = other.front.category == source.front.category
            nearness[other.front.id] += (1 + 0.1 * same_shelf) / len(wearers[tag])
    del nearness[source.front.id]
    return nlargest(RELATED, nearness, key=nearness.__getitem__)


def reading_minutes(markdown: str) -> int:
    return max(1, ceil(len(markdown.split()) / WORDS_PER_MINUTE))


def sanitised(html: str, url: str) -> str:
    """An article's HTML for other people's pages: no scripts, no permalinks, links that work from anywhere."""
    return nh3.clean(
        _PERMALINK.sub("", html),
        attributes={**nh3.ALLOWED_ATTRIBUTES, "h2": {"id"}, "h3": {"id"}, "h4": {"id"}, "code": {"class"}},
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative=("rewrite_with_base", url),
    )


def write(built: Path, contents: Catalogue) -> None:
    target = built / FILE
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(msgspec.json.encode(contents))


def _ref(source: Source, url: str) -> ArticleRef:
    front = source.front
    return ArticleRef(front.id, front.title, front.summary, front.category, url)


def _article(source: Source, page: Page, refs: dict[str, ArticleRef], related: list[ArticleRef]) -> Article:
    return Article(
        **msgspec.structs.asdict(refs[source.front.id]),
        tags=source.front.tags,
        html=sanitised(page.html, page.url),
        markdown=source.body,
        updated_at=rfc3339(milliseconds(page.updated_at)),
        reading_minutes=reading_minutes(source.body),
        related=related,
    )

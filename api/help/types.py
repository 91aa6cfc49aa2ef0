from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from api.clock import Time

CategoryId = Literal["getting-started", "managing-bookings", "payments-earnings", "communication", "support-issues"]

CATEGORY_TITLES: dict[CategoryId, str] = {
    "getting-started": "Getting Started",
    "managing-bookings": "Managing Bookings",
    "payments-earnings": "Payments & Earnings",
    "communication": "Communication",
    "support-issues": "Support & Issues",
}

BookingStatus = Literal["requested", "confirmed", "in_progress", "completed", "cancelled", "disputed"]

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
# The theme writes titles and summaries into pages and attributes as they are.
PLAIN = r'^[^<>"]+$'
Slug = Annotated[str, Meta(pattern=SLUG, max_length=64)]
Keyword = Annotated[str, Meta(min_length=2, max_length=60)]
ErrorCode = Annotated[str, Meta(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=64)]


class Context(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Where in an app the article helps."""

    screen: Annotated[list[Slug], Meta(description="Screens of the app, for example chat or earnings.")] = []
    error: Annotated[list[ErrorCode], Meta(description="Error codes of the API.")] = []
    booking_status: Annotated[list[BookingStatus], Meta(description="States of a booking.")] = []


class FrontMatter(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The block between the two --- lines of an article."""

    id: Annotated[Slug, Meta(description="Never changes, even when the title or the file name does.")]
    title: Annotated[
        str, Meta(min_length=8, max_length=70, pattern=PLAIN, description="The reader's question or task.")
    ]
    summary: Annotated[
        str, Meta(min_length=40, max_length=200, pattern=PLAIN, description="The answer in one sentence.")
    ]
    category: Annotated[CategoryId, Meta(description="The folder the file is in.")]
    tags: Annotated[list[Slug], Meta(min_length=1, max_length=6)]
    audience: Annotated[list[Literal["provider", "customer"]], Meta(min_length=1, max_length=2)]
    keywords: Annotated[list[Keyword], Meta(max_length=20, description="Words readers use that the text does not.")]
    context: Context
    owner: Annotated[Slug, Meta(description="The team that keeps the article true.")]
    review_by: Annotated[date, Meta(description="When the owner reads it again.")]


class Shelf(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Front matter of a category's index.md. `order` names the articles that come first; the rest follow by title."""

    summary: Annotated[str, Meta(min_length=20, max_length=120, pattern=PLAIN)]
    icon: str
    order: list[Slug] = []


class ArticleRef(Struct, frozen=True, rename="camel"):
    id: str
    title: str
    summary: str
    category: CategoryId
    url: str


class Article(ArticleRef, frozen=True, rename="camel", kw_only=True):
    """`html` is sanitised and its links are absolute; `markdown` is the source without its front matter."""

    tags: list[str]
    html: str
    markdown: str
    updated_at: Time
    reading_minutes: int
    related: list[ArticleRef]


class Category(Struct, frozen=True, rename="camel"):
    id: CategoryId
    title: str
    summary: str
    order: int
    count: int
    url: str
    articles: list[ArticleRef]


class Tag(Struct, frozen=True, rename="camel"):
    tag: str
    count: int


class Categories(Struct, frozen=True):
    items: list[Category]


class Tags(Struct, frozen=True):
    items: list[Tag]


class Catalogue(Struct, frozen=True, rename="camel"):
    """What a build writes for the API. `locations` leads from a page's address in the search index to its article."""

    categories: list[Category]
    articles: list[Article]
    locations: dict[str, str]


class SearchItem(Struct, frozen=True, rename="camel"):
    """A page that matched, shown by its best entry; `section` is null when that is the page's own beginning."""

    id: str
    title: str
    url: str
    section: str | None
    excerpt: str
    score: float


class Facets(Struct, frozen=True):
    """How many pages match, whatever the filters and the limit."""

    categories: dict[str, int]
    tags: dict[str, int]


class SearchResult(Struct, frozen=True, rename="camel"):
    items: list[SearchItem]
    facets: Facets
    fuzzy: bool
    suggestions: list[str]

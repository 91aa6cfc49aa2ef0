"""The help centre for apps: the articles of the built site, and its search. Public, and the same for everybody."""

from typing import Annotated, Any, cast

from litestar import Response, Router, get
from litestar.params import PathParameter, QueryParameter

from api.errors import HelpUnavailable, NotFound, Overloaded, PreconditionFailed, SearchDisabled
from api.etags import NOT_MODIFIED, conditional, tag
from api.help.library import Edition, Library
from api.help.terms import MAX_CHARACTERS
from api.help.types import SLUG, Article, Categories, CategoryId, SearchResult, Tags
from api.paging import Limit
from api.requests import Request

SLUG_IN_ADDRESS = SLUG.replace("$", r"(?!\n)$")
ArticlePath = Annotated[str, PathParameter(name="id", pattern=SLUG_IN_ADDRESS, max_length=64)]
Words = Annotated[str, QueryParameter(max_length=MAX_CHARACTERS, description="What the reader typed.")]
OnlyCategory = Annotated[CategoryId | None, QueryParameter(name="category")]
OnlyTag = Annotated[str | None, QueryParameter(name="tag", pattern=SLUG_IN_ADDRESS, max_length=64)]
REFUSALS = [PreconditionFailed, HelpUnavailable]


@get("/categories", raises=REFUSALS, responses=NOT_MODIFIED, opt={"bucket": "read"})
async def categories(request: Request) -> Response[Categories]:
    """The five categories in their order, each with its articles in reading order and their count."""
    edition = _edition(request)
    return _answer(request, edition, Categories(edition.categories))


@get("/article/{id:str}", raises=[NotFound, *REFUSALS], responses=NOT_MODIFIED, opt={"bucket": "read"})
async def article(article_id: ArticlePath, request: Request) -> Response[Article]:
    """An article by its id, which never changes. `html` is sanitised and its links are absolute."""
    edition = _edition(request)
    if article_id not in edition.articles:
        raise NotFound
    return _answer(request, edition, edition.articles[article_id])


@get("/search", raises=[SearchDisabled, Overloaded, *REFUSALS], responses=NOT_MODIFIED, opt={"bucket": "search"})
async def search(
    q: Words,
    request: Request,
    category: OnlyCategory = None,
    with_tag: OnlyTag = None,
    limit: Limit = 20,
) -> Response[SearchResult]:
    """Articles in the order of the site's own search box, each with the section that fits best.

    Words are found by their beginning; words in double quotes must be there. No sign is an operator. `facets` count all
    that match, whatever the filters; `suggestions` complete what was typed.
    """
    if not request.settings.help_center_search_enabled:
        raise SearchDisabled
    edition = _edition(request)
    found = await request.app.state.searches.run(edition.search, q, category, with_tag, limit)
    return _answer(request, edition, found)


@get("/tags", raises=REFUSALS, responses=NOT_MODIFIED, opt={"bucket": "read"})
async def tags(request: Request) -> Response[Tags]:
    """All tags in the order of the alphabet, each with the number of its articles."""
    edition = _edition(request)
    return _answer(request, edition, Tags(edition.tags))


def _edition(request: Request) -> Edition:
    return cast(Library, request.app.state.library).edition


def _answer(request: Request, edition: Edition, body: Any) -> Response[Any]:
    response = conditional(request, body, tag(edition.version))
    seconds = request.settings.help_center_cache_duration
    fresh = f"max-age={seconds}, stale-while-revalidate={seconds}" if seconds else "no-cache"
    response.headers["Cache-Control"] = f"public, {fresh}"
    return response


router = Router(
    path="/help", route_handlers=[categories, article, search, tags], opt={"public": True}, tags=["Help centre"]
)

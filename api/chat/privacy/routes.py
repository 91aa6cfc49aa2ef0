"""What others see of a user."""

from litestar import Response, Router, get, put
from litestar.params import JSONBody

from api.chat.privacy import actions, queries
from api.chat.privacy.types import Privacy, PrivacyDraft
from api.errors import PreconditionFailed, PreconditionRequired
from api.etags import NOT_MODIFIED, conditional, if_match_needed, tag
from api.requests import Request


@get("/", raises=[PreconditionFailed], responses=NOT_MODIFIED)
async def get_privacy(request: Request) -> Response[Privacy]:
    """Your switches; all are on until you change them."""
    privacy = await request.db.read(queries.privacy_of, request.actor.id)
    return conditional(request, privacy, tag(privacy.version))


@put("/", raises=[PreconditionFailed, PreconditionRequired])
async def put_privacy(data: JSONBody[PrivacyDraft], request: Request) -> Response[Privacy]:
    """Set your switches. What is off, others do not get; your own counts and marks work all the same."""
    privacy = await request.db.write(actions.put, request.actor, data, if_match_needed(request))
    return Response(privacy, headers={"ETag": tag(privacy.version)})


router = Router(
    "/me/privacy",
    route_handlers=[get_privacy, put_privacy],
    opt={"roles": ("provider", "customer", "agent", "admin")},
    tags=["Chat"],
)

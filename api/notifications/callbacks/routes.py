"""What providers report later about what they were handed."""

from typing import Annotated, Literal

from litestar import Response, Router, post
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from api.errors import InvalidSignature, NotFound
from api.notifications.callbacks.signature import is_ours
from api.notifications.dispatch import actions
from api.notifications.preferences.types import ChannelName
from api.requests import Body, Request

Way = Annotated[ChannelName, PathParameter(name="channel")]


class Report(Body):
    """`providerId`: what the provider answered when it took the letter."""

    provider_id: Annotated[str, Meta(min_length=1, max_length=300)]
    status: Literal["delivered", "bounced", "failed"]
    reason: Annotated[str, Meta(max_length=200)] = ""


@post("/{channel:str}", status_code=204, raises=[NotFound, InvalidSignature])
async def report(channel: Way, data: JSONBody[Report], request: Request) -> Response[None]:
    """Say what became of a letter. What is said twice counts once, and of an unknown letter nothing is kept.

    Signed as Standard Webhooks are: `webhook-id`, `webhook-timestamp` (epoch seconds, at most 5 minutes off) and
    `webhook-signature`. 404 where no secret is set.
    """
    secret = request.settings.callback_secret
    if not secret:
        raise NotFound
    given = [_header(request, f"webhook-{name}") for name in ("id", "timestamp", "signature")]
    now = request.app.state.clock() // 1000
    if not is_ours(secret, given[0], given[1], given[2], await request.body(), now):
        raise InvalidSignature
    await request.db.write(actions.reported, channel, data.provider_id, data.status, data.reason)
    return Response(None, status_code=204)


def _header(request: Request, name: str) -> str:
    """Empty unless it stands once."""
    values = [value for key, value in request.scope["headers"] if key == name.encode()]
    return values[0].decode("latin-1") if len(values) == 1 else ""


router = Router(
    "/notifications/callbacks",
    route_handlers=[report],
    opt={"public": True, "bucket": "write"},
    tags=["Notifications"],
)

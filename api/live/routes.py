"""Events for those who cannot hold a socket, and one's own devices."""

from typing import Annotated, Any, Literal, cast

import msgspec
from litestar import Response, Router, delete, get
from litestar.params import PathParameter, QueryParameter
from litestar.response import Stream

from api.db.rows import Record
from api.errors import Forbidden, NotFound
from api.live import sockets, stream
from api.live.feed import Feed, place_of
from api.live.live import Live
from api.live.outgoing import cannot_abort
from api.live.sockets import Device
from api.live.stream import Span
from api.requests import Request

SocketPath = Annotated[str, PathParameter(name="socketId", pattern=r"^[A-Za-z0-9_]{1,64}$")]
Topic = Literal["user", "desk", "review", "platform"]


class Events(Record):
    """`recovered: false`: what lies before `next` cannot be told, so load the state afresh."""

    epoch: str
    recovered: bool
    events: list[dict[str, Any]]
    next: int


class Devices(Record):
    items: list[Device]


@get("/events", raises=[Forbidden], opt={"roles": ("provider", "customer", "agent", "admin", "service")})
async def events(
    request: Request,
    topic: Annotated[
        Topic,
        QueryParameter(
            description="`desk` is for agents and admins, `review` for reviewers, `platform` for the role service."
        ),
    ] = "user",
    since: Annotated[int | None, QueryParameter(ge=0, lt=2**53, description="The last position you have.")] = None,
    epoch: Annotated[str | None, QueryParameter(max_length=64, description="The epoch it belongs to.")] = None,
) -> Response[Events]:
    """The events after a position, as the socket tells them; without `since`, only where the topic stands now.

    With `Accept: text/event-stream` the answer stays open and tells what comes (server-sent events). Event ids are
    `epoch.topic.position`; `Last-Event-ID` resumes.
    """
    topics = stream.topics_of(request.actor)
    if topic not in topics:
        raise Forbidden(f"The role {request.actor.role} does not hear this topic.")
    positions: dict[str, int] = {} if since is None else {topic: since}
    if "text/event-stream" in request.headers.get("accept", ""):
        return cast("Response[Events]", _feed(request, topic, epoch, positions))
    found = await request.db.read(stream.replay, {topic: topics[topic]}, epoch, positions)
    if found.events and since is not None:
        live: Live = request.app.state.live
        live.hand([Span(topics[topic], since, found.positions[topic])])
    frames = b",".join(event.frame.encode() for event in found.events)
    answer = Events(found.epoch, found.recovered, msgspec.Raw(b"[" + frames + b"]"), found.positions[topic])  # type: ignore[arg-type]
    return Response(cast(Events, msgspec.json.encode(answer)), media_type="application/json")


def _feed(request: Request, name: str, epoch: str | None, positions: dict[str, int]) -> Stream:
    live: Live = request.app.state.live
    if last := request.headers.get("last-event-id"):
        epoch, positions = place_of(last, name)
    extensions: Any = request.scope.get("extensions") or {}
    abort = extensions.get("abort", cannot_abort)
    feed = Feed(live, request.actor, request.headers["authorization"].encode(), name, abort)
    # A proxy that gathers answers would hold events back.
    return Stream(feed.lines(epoch, positions), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@get("/me/sockets")
async def list_sockets(request: Request) -> Devices:
    """Your devices that are connected now, the oldest first."""
    return Devices(await request.db.read(sockets.online, request.actor.id))


@delete("/me/sockets/{socketId:str}", raises=[NotFound])
async def end_socket(socket_id: SocketPath, request: Request) -> None:
    """End one of your devices: its socket closes with 1000."""
    if not await request.db.write(sockets.end, request.actor.id, socket_id):
        raise NotFound
    request.app.state.live.end([socket_id])


router = Router(
    "/",
    route_handlers=[events, list_sockets, end_socket],
    opt={"roles": ("provider", "customer", "agent", "admin")},
    tags=["Live"],
)

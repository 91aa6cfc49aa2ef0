"""Generated from the routes: whatever a stranger asks of somebody else's object is answered as if it had never been."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
from litestar.routes import HTTPRoute
from websockets.asyncio.client import connect

from api.app import create_app
from api.auth import ROLES
from api.boundary import Boundary
from api.notifications.feedback import queries as feedback
from api.platform import queries as platform
from api.settings import Settings
from tests.conftest import SECRET, Cast, say

HELP = "GET /api/provider-communication/help"
PUBLIC = {"GET /", "GET /healthz", "GET /readyz", "GET /api/openapi.json", "GET /api/reference"}
# Its address carries its own proof.
PUBLIC |= {"GET /api/provider-communication/files/{fileId}/link"}
PUBLIC |= {"GET /api/asyncapi.json", "POST /api/provider-communication/notifications/callbacks/{channel}"}
PUBLIC |= {f"{method} /api/provider-communication/notifications/mail/{{mailToken}}" for method in ("GET", "POST")}
PUBLIC |= {f"{HELP}/categories", f"{HELP}/article/{{id}}", f"{HELP}/search", f"{HELP}/tags"}

# For each id in a path or a body: pat's and carol's, otto's own, and one that never was. MESSAGE stands for one that is
# sent first.
IDS: dict[str, tuple[str, str, str]] = {
    "bookingId": ("1", "2", "9"),
    "userId": ("pat", "otto", "nobody"),
    # Whom pat, and whom otto, brought into their room.
    "helperId": ("henry", "harry", "nobody"),
    "responseKey": ("parking", "ladder", "never"),
    "replyTo": ("MESSAGE 1", "MESSAGE 2", "msg_9"),
    "attachmentIds": ("FILE 1", "FILE 2", "file_9"),
    "messageId": ("MESSAGE 1", "MESSAGE 2", "msg_9"),
    "messageIds": ("MESSAGE 1", "MESSAGE 2", "msg_9"),
    "providerId": ("pat", "otto", "nobody"),
    "customerId": ("carol", "olga", "no-one"),
    "blockedId": ("pat", "olga", "nobody"),
    "socketId": ("SOCKET 1", "SOCKET 2", "sock_9"),
    "fileId": ("FILE 1", "FILE 2", "file_9"),
    "notificationId": ("NOTIFICATION 1", "NOTIFICATION 2", "ntf_9"),
    "ids": ("NOTIFICATION 1", "NOTIFICATION 2", "ntf_9"),
    "deviceId": ("DEVICE 1", "DEVICE 2", "dev_9"),
    "userIds": ("pat", "otto", "nobody"),
    # Announcements are the admins'.
    "announcementId": ("ann_9", "ann_9", "ann_9"),
    # Due work belongs to nobody: admins see all of it, everybody else nothing.
    "dueId": ("due_9", "due_9", "due_9"),
    # What the filter holds belongs to the desk.
    "filteredId": ("flt_9", "flt_9", "flt_9"),
}
# Names that callers give to what is theirs.
OWN_NAMES = {"clientMessageId", "id", "category"}
# What to send to each route that takes a body; every id of the body is put in.
BODIES: dict[str, list[dict[str, Any]]] = {
    "Draft": [{"text": "Hello", "replyTo": ""}, {"type": "file", "attachmentIds": ""}],
    "Mute": [{"until": "2999-01-01T00:00:00Z"}],
    "QuickDraft": [{"key": "greeting"}],
    "TemplateDraft": [{"key": "another", "text": "Hello {customerName}"}],
    "TemplateChange": [{"text": "Hello {customerName}"}],
    "MemberDraft": [{"userId": ""}],
    "EventDraft": [{"id": "event-1", "type": "booking.created", "userId": "", "bookingId": ""}],
    "Edit": [{"text": "Better"}],
    "TypingDraft": [{"typing": True}],
    "ShareDraft": [{"latitude": 1, "longitude": 1}, {"stop": True}],
    "PrivacyDraft": [{"receipts": True, "typing": False, "presence": True}],
    "Read": [{"bookingId": "", "seq": 1}, {"messageIds": ""}],
    "Report": [{"providerId": "1", "status": "delivered"}],
    "Marks": [{"ids": ""}],
    "Chosen": [{"ids": ""}],
    "Choices": [{"digestAt": "09:00"}],
    "ChoicesPatch": [{"digestAt": "09:00"}],
    "DeviceDraft": [{"kind": "fcm", "name": "Phone", "token": "token-9"}],
    "AnnouncementDraft": [{"title": "News", "body": "All of it", "userIds": ""}],
    "FeedbackDraft": [{"rating": 5}],
    "UserDraft": [{"role": "provider", "name": "Pat"}],
    "BookingDraft": [{"providerId": "", "customerId": "", "service": "Tap", "status": "confirmed"}],
}
# Routes that take a form instead.
FORMS: dict[str, Any] = {
    "/api/provider-communication/files": {"data": {"purpose": "chat"}, "files": {"file": ("note.txt", b"A note.")}}
}
# What to ask of each route that needs a query.
QUERIES = {
    "GET /api/provider-communication/chat/search": ["?q=Hello", "?q=Hello&bookingId={bookingId}"],
    "DELETE /api/provider-communication/chat/booking/{bookingId}/members": ["?userId={helperId}"],
}
STRANGERS = ("otto", "olga", "agnes", "ada", "plat", "anon")


class Call(msgspec.Struct, frozen=True):
    method: str
    path: str
    body: Any
    roles: tuple[str, ...]

    def with_ids(self, which: int, messages: dict[str, str]) -> tuple[str, str, Any]:
        """0 for somebody else's ids, 1 for otto's own, 2 for those that never were."""
        ids = {name: messages.get(found[which], found[which]) for name, found in IDS.items()}
        filled = {name: ids.get(name, value) for name, value in (self.body or {}).items()}
        filled |= {name: [value] for name, value in filled.items() if name.lower().endswith("ids")}
        return self.method, self.path.format(**ids, category="booking"), filled or None


def routes() -> list[tuple[str, HTTPRoute, Any]]:
    app = create_app(Settings(env="development", jwt_secret=SECRET))._app
    return [
        (method, route, pair[0])
        for route in sorted(app.routes, key=lambda route: route.path)
        if isinstance(route, HTTPRoute)
        for method, pair in sorted(route.route_handler_map.items())
        if method != "OPTIONS" and not route.path.startswith("/api/unserved")
    ]


def body_of(handler: Any) -> type[msgspec.Struct] | None:
    field = handler.parsed_fn_signature.parameters.get("data")
    return field.annotation if field else None


def calls() -> list[Call]:
    found = []
    for method, route, handler in routes():
        kind = body_of(handler)
        paths = [route.path_format + query for query in QUERIES.get(f"{method} {route.path_format}", [""])]
        for path, body in itertools.product(paths, BODIES[kind.__name__] if kind else [None]):
            if not handler.opt.get("public"):
                found.append(Call(method, path, body, tuple(handler.opt["roles"])))
    # What is deleted can be asked nothing any more, so that comes last.
    return sorted(found, key=lambda call: call.method == "DELETE")


def ids_of(handler: Any, route: HTTPRoute) -> set[str]:
    """Every path parameter, and every field of the body that is named as an id."""
    kind = body_of(handler)
    fields = {field.encode_name for field in msgspec.structs.fields(kind)} if kind else set()
    return set(route.path_parameters) | {name for name in fields if name.endswith(("Id", "Ids")) or name == "id"}


def name_of(call: Call) -> str:
    return f"{call.method} {call.path} {list(call.body or '')}"


async def ask(cast: Cast, who: str, call: Call, which: int, messages: dict[str, str]) -> httpx.Response:
    client: httpx.AsyncClient = getattr(cast, who)
    method, path, body = call.with_ids(which, messages)
    if call.path in FORMS:
        return await client.request(method, client.base_url.join(path), **FORMS[call.path])
    # Where a change needs a tag, any will do: what is there is not theirs.
    headers = {"If-Match": "*"} if method in ("PUT", "PATCH") else {}
    return await client.request(method, client.base_url.join(path), json=body, headers=headers)


def seen(answer: httpx.Response) -> tuple[int, bytes, list[str]]:
    return (
        answer.status_code,
        answer.content.replace(answer.headers["x-request-id"].encode(), b""),
        [name for name, _ in answer.headers.multi_items()],
    )


async def everything(cast: Cast) -> list[Any]:
    paths = ["/platform/bookings/1", "/platform/users/pat", "/platform/users/carol"]
    answers = [await cast.plat.get(path) for path in paths]
    answers += [await who.get("/chat/conversations") for who in (cast.pat, cast.carol)]
    return [answer.json() for answer in (*answers, await cast.pat.get("/chat/booking/1/history"))]


@pytest.fixture(scope="module")
async def messages(cast: Cast, app: Boundary) -> AsyncIterator[dict[str, str]]:
    """What has an id only once it is there: a message in each room, a device and a file of pat and of otto."""
    sent = {"MESSAGE 1": (await say(cast.pat))["id"], "MESSAGE 2": (await say(cast.otto, booking="2"))["id"]}
    for helper, booking, who in (("henry", "1", cast.pat), ("harry", "2", cast.otto)):
        await cast.plat.put(f"/platform/users/{helper}", json={"role": "provider", "name": helper})
        await who.post(f"/chat/booking/{booking}/members", json={"userId": helper})
    for key, who in (("parking", cast.pat), ("ladder", cast.otto)):
        await who.post("/chat/quick-responses", json={"key": key, "text": "Hello"})
    for name, who in (("FILE 1", cast.pat), ("FILE 2", cast.otto)):
        sent[name] = (await who.post("/files", **FORMS["/api/provider-communication/files"])).json()["id"]
    for name, who, user_id in (("1", cast.pat, "pat"), ("2", cast.otto, "otto")):
        event = {"id": name, "type": "review.created", "userId": user_id, "data": {"rating": 5}}
        assert (await cast.plat.post("/platform/events", json=event)).status_code == 201
        sent[f"NOTIFICATION {name}"] = (await who.get("/notifications")).json()["items"][0]["id"]
        phone = {"kind": "fcm", "name": "Phone", "token": f"token-{name}"}
        sent[f"DEVICE {name}"] = (await who.post("/notifications/devices", json=phone)).json()["id"]
        booking = await app._app.state.db.read(platform.booking, name)
        await app._app.state.db.write(feedback.ask, booking)
    async with device_of(cast.pat) as pats, device_of(cast.otto) as ottos:
        await looked_at(cast)
        yield sent | {"SOCKET 1": pats, "SOCKET 2": ottos}


async def looked_at(cast: Cast) -> None:
    """Wait until it is noted that pat has loaded the history: later that would look like a change."""
    async with asyncio.timeout(30):
        while "pat" not in (await everything(cast))[4]["items"][0]["lastMessage"]["deliveredTo"]:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def device_of(who: httpx.AsyncClient) -> AsyncIterator[str]:
    url = str(who.base_url.join("/api/provider-communication/realtime")).replace("http", "ws", 1)
    headers = {"Authorization": who.headers["Authorization"]}
    async with connect(url, additional_headers=headers, proxy=None) as connection:
        await connection.send('{"type": "hello", "id": 1}')
        await connection.recv()
        yield (await who.get("/me/sockets")).json()["items"][-1]["id"]


def test_every_id_of_every_route_has_somebody_elses() -> None:
    needed = {
        name for _, route, handler in routes() if not handler.opt.get("public") for name in ids_of(handler, route)
    }
    assert needed - OWN_NAMES - set(IDS) == set()
    for kind in {kind for _, _, handler in routes() if (kind := body_of(handler))}:
        given = {name for body in BODIES[kind.__name__] for name in body}
        fields = {field.encode_name for field in msgspec.structs.fields(kind)}
        assert {name for name in fields if name in IDS} <= given


def test_public_routes_are_exactly_these_and_all_others_name_their_roles() -> None:
    public = {f"{method} {route.path_format}" for method, route, handler in routes() if handler.opt.get("public")}
    assert public == PUBLIC
    assert all(set(handler.opt["roles"]) <= set(ROLES) for _, _, handler in routes() if not handler.opt.get("public"))


def test_the_socket_is_the_only_address_that_looks_after_itself() -> None:
    app = create_app(Settings(env="development", jwt_secret=SECRET))._app
    others = {route.path for route in app.routes if not isinstance(route, HTTPRoute)}
    assert others == {"/api/provider-communication/realtime"}


@pytest.mark.parametrize("path", ["", "/openapi.json", "/swagger", "/anything"])
async def test_nobody_is_let_in_to_the_pages_that_litestar_brings(cast: Cast, path: str) -> None:
    url = cast.anon.base_url.join(f"/api/unserved{path}")
    assert [(await who.get(url)).status_code for who in (cast.anon, cast.pat, cast.ada)] == [401, 403, 403]


@pytest.mark.parametrize("call", calls(), ids=name_of)
async def test_without_a_token_every_other_route_answers_401(cast: Cast, messages: dict[str, str], call: Call) -> None:
    answer = await ask(cast, "anon", call, 0, messages)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("call", [call for call in calls() if "provider" in call.roles], ids=name_of)
async def test_otto_would_otherwise_matter(cast: Cast, messages: dict[str, str], call: Call) -> None:
    assert (await ask(cast, "otto", call, 1, messages)).is_success


# The platform is nobody's stranger where it may call at all, admins are not where they tell everybody, and a form names
# nobody's object.
STRANGE = [
    (call, who)
    for call in calls()
    for who in STRANGERS
    if call.path not in FORMS
    and not (who == "plat" and "service" in call.roles)
    and not (who == "ada" and call.roles == ("admin",) and call.body)
]


@pytest.mark.parametrize(("call", "who"), STRANGE, ids=[f"{name_of(call)} {who}" for call, who in STRANGE])
async def test_somebody_elses_object_is_answered_as_if_it_had_never_been(
    cast: Cast, messages: dict[str, str], call: Call, who: str
) -> None:
    before = await everything(cast)
    theirs, never = [await ask(cast, who, call, which, messages) for which in (0, 2)]
    assert seen(theirs) == seen(never)
    assert theirs.status_code in (200, 201, 401, 403, 404)
    if "{" in call.path.replace("{category}", "") and theirs.status_code not in (401, 403):
        assert theirs.json()["code"] == "not_found"
    assert await everything(cast) == before

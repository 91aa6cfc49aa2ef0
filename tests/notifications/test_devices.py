"""Devices over HTTP, and push messages to a push service and to FCM that answer on this machine."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from api.app import create_app
from api.boundary import Boundary
from api.notifications.channels.push.fcm import Credentials, Fcm
from api.notifications.channels.push.push import Push
from api.notifications.channels.push.webpush import raw, text_of
from api.notifications.devices import queries
from api.settings import Settings
from tests.boundary.test_problems import check_problem
from tests.conftest import Cast, SetClock, serving
from tests.notifications.conftest import Tell, lives, standing, until
from tests.notifications.test_webpush import opened

PATH = "/notifications/devices"
AUTH = b"0123456789abcdef"
ENDPOINT = "https://fcm.googleapis.com/fcm/send/1"
PHONE = {"kind": "fcm", "name": "Phone", "token": "token-1"}


class Service:
    """Answers as a push service, as FCM, and as the place where access tokens are had."""

    def __init__(self) -> None:
        self.address = ""
        self.taken: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: list[int] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if await lives(scope, receive, send):
            return
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        token = scope["path"] == "/token"
        status = 200 if token else self.statuses.pop(0) if self.statuses else 201
        self.taken.append((scope["path"], headers, body))
        answer = b'{"access_token": "access-1", "expires_in": 3600}' if token else b"{}"
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": answer})

    def messages(self) -> list[tuple[str, dict[str, str], bytes]]:
        return [one for one in self.taken if one[0] != "/token"]


@pytest.fixture
def signer() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    found = Service()
    async with serving(found) as address:
        found.address = address
        yield found


@pytest.fixture
def app(settings: Settings, clock: SetClock, service: Service, signer: rsa.RSAPrivateKey) -> Boundary:
    pem = signer.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    credentials = Credentials("project-1", "svc@example.com", pem, f"{service.address}/token")
    fcm = Fcm(credentials, service.address)
    return create_app(settings, clock, lambda _, db: {"push": Push(db, "mailto:help@example.com", fcm)})


@pytest.fixture
def browser() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def subscription(browser: ec.EllipticCurvePrivateKey, endpoint: str = ENDPOINT) -> dict[str, Any]:
    keys = {"p256dh": text_of(raw(browser.public_key())), "auth": text_of(AUTH)}
    return {"kind": "webpush", "name": "Laptop", "endpoint": endpoint, "keys": keys}


async def add_browser(app: Boundary, browser: ec.EllipticCurvePrivateKey, service: Service) -> None:
    """Past the check of the host, which lets nobody name a service on this machine."""
    keys = (text_of(raw(browser.public_key())), text_of(AUTH))
    await app._app.state.db.write(queries.put, "pat", "webpush", f"{service.address}/push/1", *keys, "Laptop")


async def test_a_device_is_registered_listed_and_removed_by_its_owner(
    cast: Cast, browser: ec.EllipticCurvePrivateKey
) -> None:
    made = await cast.pat.post(PATH, json=subscription(browser))
    assert (made.status_code, made.json()["kind"], made.json()["usedAt"]) == (201, "webpush", None)
    assert (await cast.pat.get(PATH)).json()["items"] == [made.json()]
    assert (await cast.otto.get(PATH)).json()["items"] == []
    check_problem(await cast.otto.delete(f"{PATH}/{made.json()['id']}"), 404, "not_found")
    assert (await cast.pat.delete(f"{PATH}/{made.json()['id']}")).status_code == 204
    assert (await cast.pat.get(PATH)).json()["items"] == []


async def test_a_device_belongs_to_whoever_signed_in_on_it_last(cast: Cast) -> None:
    first = (await cast.pat.post(PATH, json=PHONE)).json()
    assert (await cast.pat.post(PATH, json=PHONE)).json() == first
    assert (await cast.otto.post(PATH, json=PHONE)).status_code == 201
    assert (await cast.pat.get(PATH)).json()["items"] == []


async def test_the_oldest_device_makes_room(cast: Cast, clock: SetClock) -> None:
    for number in range(21):
        clock.advance(1)
        await cast.pat.post(PATH, json=PHONE | {"token": f"token-{number}", "name": f"Phone {number}"})
    names = [item["name"] for item in (await cast.pat.get(PATH)).json()["items"]]
    assert names == [f"Phone {number}" for number in range(1, 21)]


async def test_what_is_no_device_is_refused(cast: Cast, browser: ec.EllipticCurvePrivateKey) -> None:
    good = subscription(browser)
    for draft in (
        good | {"endpoint": "https://127.0.0.1/x"},
        good | {"keys": {"p256dh": "AAAA", "auth": text_of(AUTH)}},
        good | {"keys": {"p256dh": good["keys"]["p256dh"], "auth": "AAAA"}},
        good | {"token": "t"},
        good | {"keys": None},
        PHONE | {"token": None},
        PHONE | {"endpoint": ENDPOINT},
        PHONE | {"token": "a b"},
    ):
        check_problem(await cast.pat.post(PATH, json=draft), 400, "invalid_request")
    assert (await cast.pat.get(PATH)).json()["items"] == []


async def test_a_browser_is_sent_what_only_it_can_open(
    cast: Cast, app: Boundary, tell: Tell, service: Service, browser: ec.EllipticCurvePrivateKey
) -> None:
    await add_browser(app, browser, service)
    await tell("pat")

    async def push() -> Any:
        return (await standing(cast.pat)).get("push")

    await until(push, ("sent", "now"))
    path, headers, body = service.taken[0]
    assert (path, headers["content-encoding"], headers["ttl"]) == ("/push/1", "aes128gcm", "86400")
    assert msgspec.json.decode(opened(body, browser, AUTH))["title"] == "Payment received: 80.00 EUR"
    key = (await cast.pat.get(f"{PATH}/key")).json()["key"]
    assert headers["authorization"].endswith(f"k={key}")


async def test_an_app_is_sent_a_message_with_a_token_that_the_account_signed_for(
    cast: Cast, tell: Tell, service: Service, signer: rsa.RSAPrivateKey
) -> None:
    await cast.pat.post(PATH, json=PHONE)
    await tell("pat")
    await tell("pat", key="2")

    async def sent() -> int:
        return len(service.messages())

    await until(sent, 2)
    assertions = [body for path, _, body in service.taken if path == "/token"]
    assert len(assertions) == 1
    form = dict(pair.split("=", 1) for pair in assertions[0].decode().split("&"))
    claims = jwt.decode(
        form["assertion"],
        signer.public_key(),
        ["RS256"],
        audience=f"{service.address}/token",
        options={"verify_exp": False},
    )
    assert (claims["iss"], claims["scope"].rpartition("/")[2]) == ("svc@example.com", "firebase.messaging")
    path, headers, body = service.messages()[0]
    assert (path, headers["authorization"]) == ("/v1/projects/project-1/messages:send", "Bearer access-1")
    message = msgspec.json.decode(body)["message"]
    assert (message["token"], message["notification"]["title"]) == ("token-1", "Payment received: 80.00 EUR")


async def test_a_device_that_its_service_has_forgotten_is_removed(cast: Cast, tell: Tell, service: Service) -> None:
    await cast.pat.post(PATH, json=PHONE)
    service.statuses = [404]
    await tell("pat")

    async def push() -> Any:
        return (await standing(cast.pat)).get("push")

    await until(push, ("failed", "now"))
    assert (await cast.pat.get(PATH)).json()["items"] == []
    await tell("pat", key="2")

    async def second() -> Any:
        return sorted([(await standing(cast.pat, newest=place)).get("push") for place in (0, 1)], key=str)

    await until(second, [("failed", "now"), ("not_sent", "no_address")])


async def test_one_device_is_enough_and_a_busy_service_is_asked_again(
    cast: Cast, tell: Tell, service: Service, clock: SetClock
) -> None:
    await cast.pat.post(PATH, json=PHONE)
    service.statuses = [503]
    await tell("pat")

    async def push() -> Any:
        clock.advance(1)
        return (await standing(cast.pat)).get("push")

    await until(push, ("sent", "now"))
    bodies = [msgspec.json.decode(body)["message"]["android"]["collapse_key"] for _, _, body in service.messages()]
    assert len(bodies) == 2
    assert len(set(bodies)) == 1


async def test_a_device_can_be_tried(cast: Cast, service: Service) -> None:
    made = (await cast.pat.post(PATH, json=PHONE)).json()
    check_problem(await cast.otto.post(f"{PATH}/{made['id']}/test"), 404, "not_found")
    assert (await cast.pat.post(f"{PATH}/{made['id']}/test")).is_success
    async with asyncio.timeout(30):
        while not service.messages():
            await asyncio.sleep(0.02)
    assert msgspec.json.decode(service.messages()[0][2])["message"]["notification"]["title"] == "It works"

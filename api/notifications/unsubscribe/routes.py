"""The page behind "Change what reaches you" in a mail: it needs no login, and reading it changes nothing."""

from typing import Annotated
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, select_autoescape
from litestar import Response, Router, get, post
from litestar.params import PathParameter

from api.db import Tx
from api.errors import InvalidRequest, NotFound
from api.notifications.preferences import actions
from api.notifications.preferences.effective import Preferences
from api.notifications.preferences.types import CATEGORIES, ChannelName
from api.notifications.unsubscribe import links
from api.requests import Request

TokenPath = Annotated[str, PathParameter(name="mailToken", pattern=r"^[A-Za-z0-9_-]{1,128}\.[A-Za-z0-9_-]{1,64}$")]
PAGE = Environment(loader=PackageLoader("api.notifications.unsubscribe", ""), autoescape=select_autoescape(("html",)))
# The page has no script and one style sheet, in itself.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
FORM = b"application/x-www-form-urlencoded"
TITLES = {
    "booking": "Bookings and messages",
    "payment": "Payments and payouts",
    "review": "Reviews",
    "system": "News of the platform",
    "support": "Support",
}


@get("/{mailToken:str}", raises=[NotFound])
async def show(mail_token: TokenPath, request: Request) -> Response[str]:
    """What is mailed to you, as a page with a form. Looking at it changes nothing."""
    found = await request.db.read(_shown, mail_token, request.app.state.offered)
    return _page(found, saved=False)


@post("/{mailToken:str}", status_code=200, raises=[NotFound])
async def change(mail_token: TokenPath, request: Request) -> Response[str]:
    """Choose what is mailed to you: the page's form, or `List-Unsubscribe=One-Click` (RFC 8058) for no mail at all."""
    if not any(name == b"content-type" and value.split(b";")[0] == FORM for name, value in request.scope["headers"]):
        raise InvalidRequest("Send a form.")
    try:
        form = parse_qs((await request.body()).decode("ascii"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise InvalidRequest("The form cannot be read.") from None
    wanted = None if "List-Unsubscribe" in form else form.get("category", [])
    found = await request.db.write(_changed, mail_token, wanted, request.app.state.offered)
    return _page(found, saved=True)


def _shown(tx: Tx, token: str, offered: frozenset[ChannelName]) -> Preferences:
    return actions.preferences(tx, links.bearer(tx, token), offered)


def _changed(tx: Tx, token: str, wanted: list[str] | None, offered: frozenset[ChannelName]) -> Preferences:
    return actions.choose_mail(tx, links.bearer(tx, token), wanted, offered)


def _page(found: Preferences, *, saved: bool) -> Response[str]:
    switch = found.channels["email"].value
    rows = [
        {"name": name, "title": TITLES[name], "on": switch and found.matrix[name]["email"].value != "off"}
        for name in CATEGORIES
    ]
    page = PAGE.get_template("page.html").render(rows=rows, saved=saved, offered=found.channels["email"].source)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return Response(page, media_type="text/html", headers=headers)


router = Router("/notifications/mail", route_handlers=[show, change], opt={"public": True}, tags=["Notifications"])

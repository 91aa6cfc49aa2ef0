"""Porchlight with one route more: an empty POST that passes the whole boundary and does nothing, the floor.

The frames of echo.py are the floor of the socket.
"""

import os
from typing import Any

from litestar import Response, Router, post

from api.app import PREFIX, create_app
from api.auth import ROLES
from api.db.database import silent
from api.db.open import data_folder
from api.logs import logging_to_stderr
from api.server import Server
from api.settings import load
from tests.bench import echo

EMPTY = f"{PREFIX}/bench/empty"


@post("/empty", status_code=204, opt={"bucket": "send", "roles": ROLES}, include_in_schema=False)
async def empty() -> Response[None]:
    return Response(None, status_code=204)


def main() -> None:
    settings = load(os.environ)
    boundary = create_app(settings)
    app: Any = boundary._app
    echo.register(app.state.live)
    app.register(Router(f"{PREFIX}/bench", route_handlers=[empty]))
    with data_folder(settings), logging_to_stderr(settings.log_level):
        Server(boundary, settings, silent).run()


if __name__ == "__main__":
    main()

"""Is it alive, and may it be sent work?"""

from litestar import Response, get

from api.db import Health
from api.requests import Request

# Far below the limits at which requests are refused: a balancer should look elsewhere before that.
LAG_MS = 1000
WAL_BYTES = 256 << 20
DISK_BYTES = 256 << 20


@get("/healthz", opt={"public": True}, tags=["Health"])
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", opt={"public": True}, tags=["Health"])
async def readyz(request: Request) -> Response[dict[str, object]]:
    """Whether this process takes work; 503 with `problems` when it should not be sent any.

    `warnings` name what an operator should mend while work goes on: a help site that is missing or cannot be read.
    What was read before is still served, and all processes share the folder, so that no other would do better.
    """
    health = await request.db.health()
    problems = health.problems + strained(health) + (["stopping"] if request.app.state.stopping else [])
    body: dict[str, object] = {
        "status": "not ready" if problems else "ready",
        "problems": problems,
        "warnings": request.app.state.site_watch.problems,
        "database": health,
    }
    return Response(body, status_code=503 if problems else 200, headers={"Cache-Control": "no-store"})


def strained(health: Health) -> list[str]:
    found = []
    if health.lag_ms > LAG_MS:
        found.append(f"writes wait {health.lag_ms} ms, {health.waiting} of them")
    if (health.wal_bytes or 0) > WAL_BYTES:
        found.append(f"the WAL has {health.wal_bytes} bytes")
    if health.disk_free_bytes is not None and health.disk_free_bytes < DISK_BYTES:
        found.append(f"the disk has {health.disk_free_bytes} bytes left")
    return found

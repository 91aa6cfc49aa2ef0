"""Debian's Chromium over the DevTools protocol: open a page, evaluate in it. No more is needed here."""

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-port=0",
]


@contextmanager
def chromium(profile: Path) -> Iterator[str]:
    """The address of its DevTools."""
    command = shutil.which("chromium")
    if command is None and not os.environ.get("CI"):
        pytest.skip("chromium is not installed")
    arguments = [command or "chromium", *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, bufsize=1) as browser:
        assert browser.stderr is not None
        try:
            found = (re.match(r"DevTools listening on ws://([^/]+)", line) for line in browser.stderr)
            yield next(f"http://{match[1]}" for match in found if match)
        finally:
            browser.kill()


class Page:
    def __init__(self, devtools: ClientConnection) -> None:
        self._devtools = devtools

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited where it is a promise."""
        fields = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        result = await self.command("Runtime.evaluate", **fields)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    async def until(self, condition: str) -> None:
        await self.evaluate(f"until(() => {condition})")

    async def command(self, method: str, **fields: Any) -> Any:
        await self._devtools.send(json.dumps({"id": 1, "method": method, "params": fields}))
        return json.loads(await self._devtools.recv())["result"]


@asynccontextmanager
async def opened(devtools: str, address: str) -> AsyncIterator[Page]:
    """A new tab, once its scripts have run."""
    async with httpx.AsyncClient() as client:
        target = (await client.put(f"{devtools}/json/new?{address}")).json()
    async with connect(target["webSocketDebuggerUrl"], max_size=None) as connection:
        page = Page(connection)
        # A new tab is a blank page first, and that one is complete too.
        loaded = "location.href !== 'about:blank' && document.readyState === 'complete'"
        async with asyncio.timeout(60):
            while not await page.evaluate(loaded):
                await asyncio.sleep(0.02)
        yield page
        await page.command("Page.close")

"""Debian's Chromium, and what a page must not do in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
WIDTHS = {360: 740, 1280: 850}
REPORTS = """
window.reports = [];
addEventListener("securitypolicyviolation", e => reports.push(e.violatedDirective + " " + e.blockedURI), true);
"""
SEVERE = f"""async () => {{
  {AXE};
  const {{ violations }} = await axe.run();
  return violations.filter(v => /serious|critical/.test(v.impact)).map(v => v.id + " " + v.nodes[0].html);
}}"""


BROKEN_NAMES = r"""[...document.querySelectorAll("td code")]
  .filter(code => /^[^\s-]{1,28}$/.test(code.textContent) && code.getClientRects().length > 1)
  .map(code => code.textContent)"""


@contextmanager
def chromium() -> Iterator[Browser]:
    command = shutil.which("chromium")
    if command is None and not os.environ.get("CI"):
        pytest.skip("chromium is not installed")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=command, args=FLAGS.split())
        yield browser
        browser.close()


def opened(browser: Browser, width: int, scheme: str = "light") -> Page:
    """A window that notes what the policy refuses."""
    page = browser.new_page(viewport={"width": width, "height": WIDTHS[width]}, color_scheme=scheme)  # type: ignore[arg-type]
    page.add_init_script(REPORTS)
    return page


def faults(page: Page, url: str) -> Iterator[str]:
    """Requests to other hosts, reports of the policy, serious or critical violations, what sticks out or is broken."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(url)
    if "q=" in url:
        page.wait_for_selector(".md-search-result__item")
    # Half-faded text has no contrast yet.
    page.evaluate("Promise.allSettled(document.getAnimations().map(fading => fading.finished))")
    yield from (f"axe: {violation}" for violation in page.evaluate(SEVERE))
    yield from (f"policy: {report}" for report in page.evaluate("reports"))
    yield from (f"asked {other}" for other in asked if urlsplit(other).netloc not in ("", urlsplit(url).netloc))
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield "wider than the screen"
    yield from (f"breaks {name}" for name in page.evaluate(BROKEN_NAMES))
    page.remove_listener("request", note)

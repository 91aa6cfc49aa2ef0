"""Opens the whole site in Chromium and exits with 1 on anything that must not be there.

    python -m tests.site.browse AXE.min.js [folder for screenshots]

Every page of the sitemap at 360 and 1280 pixels, light and dark: no report of the policy, no request to another host,
no violation of axe that is serious or critical, nothing wider than the screen. Then what hostile addresses and searches
do. Needs playwright and /usr/bin/chromium.
"""

import asyncio
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from api.site import publish
from api.site.build import build
from api.site.static import StaticSite

PROJECT = Path(__file__).parents[2]
PORT = 8765
HOME = f"http://127.0.0.1:{PORT}/"
WIDTHS = {360: 740, 1280: 850}
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
)
REPORTS = """
window.reports = [];
addEventListener("securitypolicyviolation", e => reports.push(e.violatedDirective + " " + e.blockedURI), true);
"""
SEVERE = """async () => {
  %s;
  const { violations } = await axe.run();
  return violations.filter(v => /serious|critical/.test(v.impact)).map(v => v.id + " " + v.nodes[0].html);
}"""
SHOTS = {
    "home": "",
    "category": "payments-earnings/",
    "article": "communication/quiet-hours/",
    "search": "?q=late payout",
    "404": "nowhere",
}
HOSTILE = [
    "<img src=x onerror=pwn=1>",
    '"><svg onload=pwn=1>',
    "</script><script>pwn=1</script>",
    "javascript:pwn=1",
    "*",
    "a~9",
    "'\"`${pwn=1}",
]


def main() -> None:
    axe, shots = Path(sys.argv[1]).read_text(), Path(sys.argv[2]) if sys.argv[2:] else None
    site_dir = PROJECT / "build" / "site"
    build(PROJECT, site_dir, HOME)
    with served(site_dir), sync_playwright() as player:
        browser = player.chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS.split(), "--disable-sync"])
        found = list(walk(browser, addresses(site_dir), axe)) + list(attack(browser))
        if shots:
            photograph(browser, shots)
        browser.close()
    print("\n".join(found) or "nothing found")
    sys.exit(bool(found))


def addresses(site_dir: Path) -> list[str]:
    built = publish.current(site_dir)
    assert built
    return [*re.findall(r"<loc>([^<]+)</loc>", (built / "sitemap.xml").read_text()), HOME + "nowhere/at/all"]


def walk(browser: Browser, urls: list[str], axe: str) -> Iterator[str]:
    for scheme in ("light", "dark"):
        for width, height in WIDTHS.items():
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            context.add_init_script(REPORTS)
            for url in [*urls, HOME + "?q=photo"]:
                yield from (f"{scheme} {width} {url}: {wrong}" for wrong in visit(context, url, axe))
            context.close()


def visit(context: BrowserContext, url: str, axe: str) -> Iterator[str]:
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url, wait_until="networkidle")
    yield from (f"asked {other}" for other in asked if urlsplit(other).netloc != urlsplit(HOME).netloc)
    yield from (f"policy: {report}" for report in page.evaluate("reports"))
    yield from (f"axe: {violation}" for violation in page.evaluate(SEVERE % axe))
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield "wider than the screen"
    page.close()


def attack(browser: Browser) -> Iterator[str]:
    page = browser.new_page()
    for text in HOSTILE:
        for address in (
            f"?q={quote(text)}",
            f"#__search?q={quote(text)}",
            f"communication/quiet-hours/?h={quote(text)}",
        ):
            page.goto(HOME + address + quote(text), wait_until="networkidle")
            if runs(page):
                yield f"{address}{text}: script ran"
        page.goto(HOME, wait_until="networkidle")
        page.keyboard.press("/")
        page.keyboard.type(text)
        page.wait_for_load_state("networkidle")
        if runs(page):
            yield f"typed {text}: script ran"


def runs(page: Page) -> bool:
    return bool(page.evaluate("typeof pwn !== 'undefined'"))


def photograph(browser: Browser, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for width, height in WIDTHS.items():
        page = browser.new_page(viewport={"width": width, "height": height})
        for name, address in SHOTS.items():
            page.goto(HOME + address, wait_until="networkidle")
            page.screenshot(path=folder / f"{name}-{width}.png")
        page.close()


@contextmanager
def served(site_dir: Path) -> Iterator[None]:
    site = StaticSite(site_dir)
    site.refresh()
    server = uvicorn.Server(uvicorn.Config(site, port=PORT, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()

"""Screenshots of the site as `porchlight serve` serves it at PORT: python -m tests.site.photograph PORT FOLDER"""

import sys
from pathlib import Path

from tests.site.chromium import WIDTHS, chromium, opened

PAGES = {
    "home": "",
    "category": "payments-earnings/",
    "article": "communication/quiet-hours/",
    "search": "?q=late payout",
    "404": "nowhere",
    "developers": "developers/errors/",
}


def main() -> None:
    home, folder = f"http://127.0.0.1:{sys.argv[1]}/", Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for scheme in ("light", "dark"):
            for width in WIDTHS:
                page = opened(browser, width, scheme)
                for name, address in PAGES.items():
                    page.goto(home + address, wait_until="networkidle")
                    page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
                page.close()


if __name__ == "__main__":
    main()

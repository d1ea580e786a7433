"""Take the README's pictures from a running demo: ``python scripts/screenshots.py``.

Start ``cityops demo`` first and let its evening go on until routes are to be treated.
Needs the ``dev`` requirements and Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as BrowserError

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SETTLE_MS = 2500
"""Time for maps, charts and the first live state to be drawn."""


@dataclass(frozen=True)
class Shot:
    """A picture: file, page and size of the screen [px]."""

    name: str
    path: str
    width: int
    height: int
    scale: float = 1.0


def shots(home: str) -> tuple[Shot, ...]:
    """Return the pictures to take."""
    return (
        Shot("resident", f"/home/{home}", 390, 844, 2.0),
        Shot("winter", "/winter", 1280, 1240),
        Shot("ops", "/ops", 1920, 1080),
    )


def take(browser: Browser, url: str, shot: Shot, folder: Path) -> Path:
    """Take one picture and return its file."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height}, device_scale_factor=shot.scale
    )
    page = context.new_page()
    response = page.goto(url + shot.path)
    if response is None or not response.ok:
        raise SystemExit(f"{url}{shot.path} answered {response.status if response else 'nothing'}")
    joining = page.get_by_role("button", name="Show my home")
    if joining.count() == 1:
        joining.click()  # a home's address asks a new browser to join first
    page.wait_for_timeout(SETTLE_MS)
    file = folder / f"{shot.name}.png"
    page.screenshot(path=file)
    context.close()
    return file


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description="Take the README's pictures from a running demo.")
    parser.add_argument(
        "--url", default="http://127.0.0.1:8080", help="address of the demo (default: %(default)s)"
    )
    parser.add_argument("--home", default="demo-damp-home", help="home code of the resident's page")
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder (default: %(default)s)")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    given = parser.parse_args()
    if given.chromium is None:
        sys.exit("no Chromium found: install it or give --chromium PATH")
    given.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=given.chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            for shot in shots(given.home):
                print(take(browser, given.url.rstrip("/"), shot, given.out))
        except BrowserError as e:
            sys.exit(f"{given.url} can't be photographed: {str(e).splitlines()[0]}\nIs the demo running?")
        finally:
            browser.close()


if __name__ == "__main__":
    main()

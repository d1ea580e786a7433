"""One night on the wall, from a running demo: pictures at times of the town, and the three clicks to an answer.

``python scripts/wall_night.py 17:00 02:00 07:00`` waits until the wall's own clock passes each time. With ``--clicks``
it takes the operator's way instead: a red tile, the alarm with its cause, what is done about it. For docs/ops-night.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from pictures import smaller
from playwright.sync_api import Page, ViewportSize, sync_playwright
from screenshots import let_in

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SIZE: ViewportSize = {"width": 1920, "height": 1080}
DESK: ViewportSize = {"width": 1280, "height": 900}
PICTURE_PX = 1280
DAY_MIN = 1440
LONGEST_S = 1800.0
LOOK_S = 0.25
SETTLE_MS = 2500


def minutes(clock: str) -> int:
    """Return ``17:02`` as minutes of the day."""
    hours, rest = clock.split(":")
    return int(hours) * 60 + int(rest)


def passed(before: int, now: int, wanted: int) -> bool:
    """Whether a clock went over a time of the day between two looks [min]."""
    return 0 < (wanted - before) % DAY_MIN <= (now - before) % DAY_MIN


def night(page: Page, wanted: list[str], folder: Path) -> list[str]:
    """Take a picture as each time passes; return the times that did not come."""
    todo, before = list(wanted), minutes(page.inner_text(".wall__time")) if wanted else 0
    until_s = time.monotonic() + LONGEST_S
    while todo and time.monotonic() < until_s:
        now = minutes(page.inner_text(".wall__time"))
        if passed(before, now, minutes(todo[0])):
            file = folder / f"ops-{todo.pop(0).replace(':', '')}.png"
            print(smaller(page.screenshot(), file, PICTURE_PX), page.inner_text(".wall__time"))
        before = now
        time.sleep(LOOK_S)
    return todo


def clicks(page: Page, tile: str, folder: Path) -> None:
    """Take the operator's way from a tile to what is done about it."""
    steps = (
        (page.locator(".wall__tiles").get_by_role("link", name=tile).first, "ops-click-1"),
        (page.locator(".alarm__title a").first, "ops-click-2"),
        (page.locator(".desk__answer a").first, "ops-click-3"),
    )
    print(smaller(page.screenshot(), folder / "ops-click-0.png", PICTURE_PX))
    for link, name in steps:
        link.click()
        page.wait_for_load_state("domcontentloaded")
        page.set_viewport_size(DESK)
        page.wait_for_timeout(SETTLE_MS)
        print(smaller(page.screenshot(), folder / f"{name}.png", 960), page.url)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description="One night on the wall, from a running demo.")
    parser.add_argument("times", nargs="*", help="of the town: 17:00 02:00 07:00")
    parser.add_argument("--clicks", metavar="TILE", help="name of the tile that the operator clicks")
    parser.add_argument(
        "--url", default="http://127.0.0.1:8080", help="address of the demo (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder (default: %(default)s)")
    parser.add_argument(
        "--password", default="", help="that the demo printed: the operator said who she is this shift"
    )
    parser.add_argument("--dark", action="store_true")
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(viewport=SIZE).new_page()
        if given.password:
            page.goto(f"{given.url}/winter/route-1/orders")
            let_in(page, given.password)
        page.goto(f"{given.url}/ops?{'dark' if given.dark else 'light'}")
        page.wait_for_selector("#wall-map[data-drawn]", timeout=60_000)
        if given.clicks:
            clicks(page, given.clicks, given.out)
        left = night(page, given.times, given.out)
        browser.close()
    if left:
        sys.exit(f"did not come: {', '.join(left)}")


if __name__ == "__main__":
    main()

"""Take a picture of every page from a running demo, for docs/pages.md and the README.

``make screenshots ARGS="--password … --account ella.operations:… --manager gus.devices:… --admin hana.admin:…"``, as the demo
printed them. ``--only /fleet /devices`` takes these pages alone, and what of the same they lead to.

Start ``cityops demo`` first and let its evening go on until routes are to be treated and alarms are up. Which pages
there are is the web application's own list; where a page's address names a thing, the first link that leads to one is
taken. Needs the ``dev`` requirements and Chromium.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

from pictures import smaller
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from playwright.sync_api import Error as BrowserError

from ops_api.routes import page_paths

DOCS = Path(__file__).resolve().parent.parent / "docs"
SETTLE_MS = 2500
"""Time for maps, charts and the first live state to be drawn."""
SMALL: ViewportSize = {"width": 1280, "height": 960}
SMALL_SCALE = 0.55
README = (
    ("resident", "/home/{home}", 390, 844, 2.0),
    ("winter", "/winter", 1280, 1240, 1.0),
    ("ops", "/ops", 1920, 1080, 1.0),
)
"""Name, page, width and height of the screen [px], scale."""
NO_PAGES = re.compile(
    r"^/(api/v1|sta/v1\.1|live|healthz|readyz|metrics|ogc|ngsi-ld)\b|/(live|stream|part|board)\b|\.[a-z]+$|/photos/|/ops/(map|now)"
)
SIGN_IN, ACCOUNT = "/sign-in", "/account"
OF_MANAGER = (
    "/fleet",
    "/fleet-settings?layer=fleet",
    "/fleet/updates",
    "/devices",
    "/lorawan/codecs",
    "/lab",
)
OF_ADMIN = ("/accounts", "/audit", "/privacy/retention")
WHO = {"by": "Ada", "name": "Ada", "purpose": "pictures", "role": "duty officer"}


def pages() -> list[str]:
    """Return the addresses of all pages as they are declared: ``/winter/{route_id}``."""
    return sorted(p for p in page_paths() if not NO_PAGES.search(p))


def name_of(path: str) -> str:
    """Return what a page's picture is called: ``winter-route_id``."""
    return re.sub(r"[{}]", "", path.strip("/").replace("/", "-")) or "start"


def let_in(page: Page, password: str) -> None:
    """Say who looks, where the page asks for that; one's own password is nobody's to try."""
    if urlsplit(page.url).path in (SIGN_IN, ACCOUNT):
        return
    field = page.locator("input[type=password]").first
    if field.count() and field.is_visible():
        form = page.locator("form", has=page.locator("input[type=password]")).first
        for name, value in WHO.items():
            asked = form.locator(f"input[name={name}]:not([type=hidden])")
            if asked.count():
                asked.first.fill(value)
        field.fill(password)
        form.locator("button").first.click()
        page.wait_for_load_state("domcontentloaded")


def sign_in(context: BrowserContext, url: str, account: str) -> None:
    """Sign in with a demo's account, ``NAME:PASSWORD``: for pages that are not for everybody."""
    name, _, password = account.partition(":")
    page = context.new_page()
    page.goto(url + SIGN_IN)
    page.fill("#name", name)
    page.fill("#password", password)
    page.locator(f"form[action='{SIGN_IN}'] button").click()
    page.wait_for_load_state("domcontentloaded")
    page.close()


class Seen:
    """Walks the pages from link to link."""

    def __init__(
        self,
        context: BrowserContext,
        url: str,
        password: str,
        folder: Path,
        taken: dict[str, str] | None = None,
        only: tuple[str, ...] = (),
    ) -> None:
        self._page, self._url, self._password, self._folder = context.new_page(), url, password, folder
        self._declared = [p for p in pages() if not only or p.startswith(only)]
        self.taken: dict[str, str] = {} if taken is None else taken

    def declared(self, address: str) -> str | None:
        """Return which page an address is of."""
        path = urlsplit(address).path
        if path in self._declared or NO_PAGES.search(path):
            return path if path in self._declared else None
        found = (p for p in self._declared if "{" in p and re.fullmatch(re.sub(r"{\w+}", "[^/]+", p), path))
        return next(found, None)

    def links(self) -> Iterator[str]:
        """Return where the open page leads to on this site."""
        for href in self._page.eval_on_selector_all("a[href]", "all => all.map((a) => a.href)"):
            if href.startswith(self._url):
                yield href.removeprefix(self._url)

    def walk(self, first: list[str]) -> None:
        """Take a picture of each page that ``first`` and what they link to lead to."""
        todo = list(first)
        while todo:
            address = todo.pop(0)
            page = self.declared(address)
            if page is None or page in self.taken:
                continue
            answer = self._page.goto(self._url + address)
            let_in(self._page, self._password)
            if answer is None or answer.status >= 400 or self.declared(urlsplit(self._page.url).path) != page:
                # Somebody who was let in is led on: the page itself is asked for again.
                answer = self._page.goto(self._url + address)
            if answer is None or not answer.ok or (SIGN_IN in self._page.url and page != SIGN_IN):
                said = "asks to sign in" if answer and answer.ok else answer.status if answer else "no answer"
                print(f"{address}: {said}", file=sys.stderr)
                continue
            self._page.wait_for_timeout(SETTLE_MS)
            self.taken[page] = address
            print(smaller(self._page.screenshot(), self._folder / f"{name_of(page)}.png"))
            todo += self.links()

    def again(self, context: BrowserContext, only: tuple[str, ...] = ()) -> Seen:
        """Return one that walks on in another browser."""
        return Seen(context, self._url, self._password, self._folder, self.taken, only)

    def missed(self) -> list[str]:
        """Return the pages that no link led to."""
        return [p for p in self._declared if p not in self.taken]


def join(context: BrowserContext, url: str, home: str) -> None:
    """Let the browser see a home."""
    page = context.new_page()
    page.goto(f"{url}/home/{home}")
    joining = page.get_by_role("button", name="Show my home")
    if joining.count():
        joining.click()
        page.wait_for_load_state("domcontentloaded")
    page.close()


def what_if(context: BrowserContext, url: str, password: str) -> tuple[str, str]:
    """Ask what closing a street would do and keep the answer; return the street, the first there is, and the answer's address."""
    page = context.new_page()
    page.goto(f"{url}/ops/what-if")
    let_in(page, password)
    streets = page.eval_on_selector_all("datalist option", "all => all.map((o) => o.value)")
    page.locator("input[name=street]").fill(streets[0])
    page.get_by_role("button", name="Ask and keep the answer").click(no_wait_after=True, timeout=180_000)
    page.wait_for_url("**/ops/what-if/*", timeout=180_000)
    kept = urlsplit(page.url).path
    page.close()
    return str(streets[0]), kept


def incident(context: BrowserContext, url: str, street: str) -> None:
    """Open an incident, where the demo's night has none."""
    page = context.new_page()
    page.goto(f"{url}/incidents")
    if not page.locator("a[href*='/incidents/I']").count():
        page.locator("summary", has_text="Open").first.click()
        page.locator("input[name=title]").fill("Burst main")
        page.locator("input[name=place]").fill(street)
        page.locator("form", has=page.locator("input[name=title]")).locator("button").first.click()
        page.wait_for_url("**/incidents/I*")
    page.close()


def as_account(
    browser: Browser, url: str, account: str, seen: Seen, first: tuple[str, ...], only: tuple[str, ...] = ()
) -> None:
    """Walk on as another account, from ``first``, where what was taken before is not taken again."""
    own = browser.new_context(viewport=SMALL, device_scale_factor=SMALL_SCALE)
    sign_in(own, url, account)
    seen.again(own, only).walk(list(first))
    own.close()


def for_readme(browser: Browser, url: str, home: str, folder: Path) -> None:
    """Take the README's pictures, which are larger."""
    for name, path, width, height, scale in README:
        context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=scale)
        join(context, url, home)
        page = context.new_page()
        page.goto(url + path.format(home=home))
        page.wait_for_timeout(SETTLE_MS)
        print(smaller(page.screenshot(), folder / f"{name}.png"))
        context.close()


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description="Take pictures of all pages from a running demo.")
    parser.add_argument(
        "--url", default="http://127.0.0.1:8080", help="address of the demo (default: %(default)s)"
    )
    parser.add_argument("--home", default="demo-damp-home", help="home code of the resident's page")
    parser.add_argument("--password", default="", help="that the demo printed: for pages that ask who looks")
    parser.add_argument(
        "--account", default="", metavar="NAME:PASSWORD", help="of operations, that the demo printed"
    )
    parser.add_argument("--admin", default="", metavar="NAME:PASSWORD", help="of the administrator, likewise")
    parser.add_argument(
        "--manager", default="", metavar="NAME:PASSWORD", help="of a device manager, likewise"
    )
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="PATH", help="pages that begin so, as the manager"
    )
    parser.add_argument("--out", type=Path, default=DOCS / "images", help="folder (default: %(default)s)")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    given = parser.parse_args()
    if given.chromium is None:
        sys.exit("no Chromium found: install it or give --chromium PATH")
    url, folder = given.url.rstrip("/"), given.out / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=given.chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            context = browser.new_context(viewport=SMALL, device_scale_factor=SMALL_SCALE)
            if given.only:
                seen, only = Seen(context, url, given.password, folder), tuple(given.only)
                as_account(browser, url, given.manager, seen, only, only)
                return
            join(context, url, given.home)
            if given.account:
                sign_in(context, url, given.account)
            seen = Seen(context, url, given.password, folder)
            street, kept = what_if(context, url, given.password)
            incident(context, url, street)
            seen.walk(
                [
                    f"/home/{given.home}",
                    f"/join/{given.home}",
                    kept,
                    f"/ops/way?to={quote(street)}",
                    *(p for p in pages() if "{" not in p),
                ]
            )
            if given.manager:
                as_account(browser, url, given.manager, seen, OF_MANAGER)
            if given.admin:
                as_account(browser, url, given.admin, seen, OF_ADMIN)
            for path in seen.missed():
                print(f"no link leads to {path}", file=sys.stderr)
            for_readme(browser, url, given.home, given.out)
        except BrowserError as e:
            sys.exit(f"{url} can't be photographed: {str(e).splitlines()[0]}\nIs the demo running?")
        finally:
            browser.close()


if __name__ == "__main__":
    main()

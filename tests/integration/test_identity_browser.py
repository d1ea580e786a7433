"""Signing in in Chromium: by a passkey of its virtual authenticator, and with JavaScript off; what axe says of the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page

from ops_api.access.model import Role
from tests.fakes import seed_web, website
from tests.fakes.accessibility import violations
from tests.fakes.browser import in_browser
from tests.fakes.identity import PASSWORD
from tests.fakes.staff import Person, add, at_desk
from tests.fakes.website import Site
from tests.integration.conftest import Towns

pytestmark = in_browser()
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(pg_server: str, towns: Towns) -> AsyncIterator[Site]:
    """One site for all tests of this file."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


def local(site: Site) -> str:
    """Return the site's address by name: an IP address can have no passkeys."""
    return site.url.replace("127.0.0.1", "localhost")


async def types(page: Page, site: Site, name: str, to: str = "/account") -> None:
    await page.goto(f"{local(site)}/sign-in?next={to}")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def sets_up(page: Page, person: Person) -> None:
    """Set up an authenticator by what the page shows, and go on past the recovery codes."""
    import pyotp

    await page.wait_for_url("**/sign-in/set-up")
    person.app = pyotp.TOTP(await page.locator("code").inner_text())
    await page.get_by_label("Six digits").fill(person.code())
    await page.get_by_role("button", name="Done").click()
    await page.get_by_role("button", name="I have them").click()


async def test_a_passkey_is_made_on_the_account_page_and_signs_in(site: Site, chromium: Browser) -> None:
    await add(site, "ada", Role.DEVICES)
    context = await chromium.new_context()
    page = await context.new_page()
    session: Any = await context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    await types(page, site, "ada")
    await sets_up(page, Person(site, "ada"))
    await page.wait_for_url("**/account")
    await page.get_by_label("Name of this device").fill("Ada’s laptop")
    await page.get_by_role("button", name="Make a passkey").click()
    await page.wait_for_url("**/account?done=passkey")
    assert await page.get_by_text("Ada’s laptop").count() == 1
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await page.wait_for_url("**/sign-in?left=1")
    await page.goto(f"{local(site)}/sign-in?next=/winter")
    await page.get_by_role("button", name="Use a passkey").click()
    await page.wait_for_url(f"{local(site)}/winter")
    await page.goto(f"{local(site)}/account")
    assert await page.get_by_text("by a passkey").count() == 1
    assert said == []
    await context.close()


async def test_a_resident_comes_back_by_a_passkey_until_she_has_moved_out(
    site: Site, chromium: Browser
) -> None:
    context = await chromium.new_context()
    page = await context.new_page()
    session: Any = await context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    at = f"{local(site)}/home/{seed_web.DAMP_HOME}"
    await page.goto(f"{local(site)}/join/{seed_web.DAMP_HOME}")
    await page.get_by_label("What is your name?").fill("Ann")
    await page.get_by_role("button", name="Show my home").click()
    await page.wait_for_url(at)
    await page.goto(f"{at}/people")
    assert await violations(page) == []
    await page.get_by_label("Name of this phone").fill("Ann’s phone")
    await page.get_by_role("button", name="Make a passkey").click()
    await page.get_by_text("Ann’s phone").wait_for()
    await page.get_by_role("button", name="Sign out here").click()
    await page.wait_for_url("**/?left=1#frog")
    # She is no staff: there it opens nothing.
    await page.goto(f"{local(site)}/sign-in")
    await page.get_by_role("button", name="Use a passkey").click()
    await page.get_by_text("does not open anything here").wait_for()
    await page.goto(local(site))
    assert await violations(page) == []
    await page.get_by_role("button", name="Come back with a passkey").click()
    await page.wait_for_url(at)
    await site.sql(
        "update household_member set to_at = now() where to_at is null and resident_id in (select resident_id from resident where name = 'Ann')"
    )
    await context.clear_cookies()
    await page.goto(local(site))
    await page.get_by_role("button", name="Come back with a passkey").click()
    await page.get_by_text("does not open anything here").wait_for()
    assert not await context.cookies()
    await context.close()


async def test_without_javascript_and_by_address_all_but_passkeys_works(
    site: Site, chromium: Browser
) -> None:
    await add(site, "bea", Role.ADMIN)
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{site.url}/sign-in?next=/accounts")
    assert await page.get_by_role("button", name="Use a passkey").count() == 0
    await page.get_by_label("Name").fill("bea")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await sets_up(page, Person(site, "bea"))
    await page.wait_for_url("**/accounts")
    await page.get_by_label("Name to sign in with").fill("new.one")
    await page.get_by_label("Bin crew").check()
    await page.get_by_role("button", name="Add and show the link").click()
    assert await page.get_by_text("/sign-in/link/").count() == 1
    await context.close()


async def test_axe_finds_nothing(site: Site, chromium: Browser) -> None:
    await add(site, "cleo", Role.ADMIN, Role.DEVICES)
    async with at_desk(site) as desk:
        from datetime import UTC, datetime

        who = await desk.accounts.named("cleo")
        assert who is not None
        link = await desk.accounts.link(who, datetime.now(UTC))
        await desk.keys.make(who, "feed", ["desk:read"], datetime.now(UTC))
    context = await chromium.new_context()
    page = await context.new_page()
    found: dict[str, list[str]] = {}
    for path in ("/sign-in", "/sign-in?over=1", f"/sign-in/link/{link.token}", "/sign-in/link/none"):
        await page.goto(local(site) + path)
        found[path] = await violations(page)
    await types(page, site, "cleo", "/accounts")
    await page.wait_for_url("**/sign-in/set-up")
    found["set-up"] = await violations(page)
    person = Person(site, "cleo")
    await sets_up(page, person)
    for path in ("/accounts", "/accounts/cleo", "/account?done=password"):
        await page.goto(local(site) + path)
        found[path] = await violations(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    await context.clear_cookies()
    await types(page, site, "cleo")
    await page.wait_for_url("**/sign-in/code")
    found["code"] = await violations(page)
    assert {path: said for path, said in found.items() if said} == {}
    await context.close()

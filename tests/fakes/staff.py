"""Somebody of staff who signs in over the web, as a browser without JavaScript does."""

from __future__ import annotations

import html
import ipaddress
import itertools
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pyotp

from ops_api.access.model import Role
from ops_api.identity.desk import IdentityDesk, desk_on
from ops_api.identity.model import Terms
from ops_api.identity.secrets import Secrets
from ops_api.queries import Db, OneConnection
from ops_api.queries.as_role import RoleDb
from tests.fakes.identity import PASSWORD
from tests.fakes.website import IDENTITY_SECRET, PLAIN, Site

HIDDEN = re.compile(r'<input type="hidden" name="_form" value="([0-9a-f]+)">')
SECRET = re.compile(r"instead: <code>([A-Z2-7]+)</code>")
_networks = itertools.count(1)


@asynccontextmanager
async def at_desk(site: Site) -> AsyncIterator[IdentityDesk]:
    """Lend the identity desk of a site, beside the site's own."""
    import psycopg

    async with await psycopg.AsyncConnection.connect(site.dsn) as connection:
        db = RoleDb(Db(OneConnection(connection)), "cityops_identity")
        yield desk_on(db, Secrets.of(IDENTITY_SECRET), Terms())


async def add(site: Site, name: str, *roles: Role, password: str = PASSWORD) -> str:
    """Make an account with a password; return its number."""
    now = datetime.now(UTC)
    async with at_desk(site) as desk:
        who = await desk.accounts.add(name, name.title(), roles, "test", now)
        await desk.passwords.set(who, password, now)
    return who.account_id


class Person:
    """A browser of somebody; ``app``: her authenticator, once it is set up."""

    def __init__(self, site: Site, name: str, password: str = PASSWORD) -> None:
        # Of a network of her own: tests of one site sign in oftener than one network may in a minute.
        behind = {"X-Forwarded-For": str(ipaddress.ip_address("10.0.0.0") + next(_networks))}
        self.http = httpx.AsyncClient(base_url=site.url, timeout=60, verify=PLAIN, headers=behind)
        self.name, self.password = name, password
        self.app: pyotp.TOTP | None = None
        self.used = 0

    async def types(self, to: str = "/account", password: str = "") -> httpx.Response:
        """Type name and password."""
        data = {"name": self.name, "password": password or self.password, "next": to}
        return await self.http.post("/sign-in", data=data)

    async def signs_in(self, to: str = "/account") -> httpx.Response:
        """Sign in with an authenticator, which is set up where there is none; return the answer to the code."""
        first = await self.types(to)
        assert first.status_code == 303, first.text
        if first.headers["location"] == "/sign-in/set-up":
            page = await self.http.get("/sign-in/set-up")
            found = SECRET.search(page.text)
            assert found is not None
            self.app = pyotp.TOTP(found[1])
            return await self.http.post("/sign-in/set-up", data={"code": self.code()})
        return await self.http.post("/sign-in/code", data={"code": self.code()})

    def code(self, now_s: float | None = None) -> str:
        """Return a code that was not used yet: of this half minute, or the next, as telephones' clocks go.

        Never of the one before: the clock may turn while the form is on its way, and that one is over then.
        """
        assert self.app is not None
        this = int(time.time() if now_s is None else now_s) // 30
        self.used = max(self.used + 1, this)
        assert self.used <= this + 1, "a third code within half a minute: none is good"
        return self.app.at(self.used * 30)

    async def posts(self, path: str, page: str = "/account", **data: Any) -> httpx.Response:
        """Send a form of a page, with the mark that stands in it."""
        return await self.http.post(path, data=data | {"_form": await self.mark(page)})

    async def mark(self, page: str = "/account") -> str:
        """Return the mark of a page's forms."""
        shown = await self.http.get(page)
        assert shown.status_code == 200, (page, shown.status_code, shown.headers.get("location"))
        found = HIDDEN.search(shown.text)
        assert found is not None, shown.text[:500]
        return html.unescape(found[1])

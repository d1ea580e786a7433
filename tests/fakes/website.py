"""The web application on a real port and a seeded database, in the test's own event loop."""

from __future__ import annotations

import asyncio
import functools
import ssl
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import jinja2
import psycopg
import pytest
import uvicorn.server
from psycopg.conninfo import make_conninfo

from cityops.settings import ApiSettings, DbSettings, Settings
from cityops.settings_bin_days import BinDaysSettings
from cityops.settings_crew import CrewSettings
from cityops.settings_housing import HousingSettings
from cityops.settings_identity import IdentitySettings
from cityops.settings_ops import OpsSettings
from cityops.settings_provisioning import ProvisioningSettings
from cityops.settings_winter import WinterSettings
from devices.registry import Registry
from ops_api import wiring_api
from ops_api.access.model import Principal
from ops_api.access.ports import Identity
from ops_api.access.principal import STAFF_PLAIN_COOKIE
from ops_api.housing import team_door
from ops_api.routers.context import FrontDoor
from ops_api.web import render
from ops_api.web_login import make_web_login
from ops_api.wiring_api import run_api
from tests.fakes import seed_web
from tests.fakes.databases import create, drop, with_database
from tests.fakes.principals import principal, program

TEAM_PASSWORD = "pond lily frog newt"
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of sites, which speak plain HTTP: without it each reads all certificates there are, 60 ms of CPU."""
USUAL, NEW_EACH_TIME = httpx.Limits(), httpx.Limits(max_keepalive_connections=0)
OWN = {"X-Cityops-Form": "a test"}
"""What our own scripts send, which have no form with a mark (tests/integration/test_csrf.py goes without)."""
OFFICERS_PASSWORD = "salt grit plough brine"
CREW_PASSWORD = "glove lift tip kerb"
OPS_PASSWORD = "siren radio desk chair"
IDENTITY_SECRET = "of the tests alone, never of an installation"
WASTE_PASSWORD = "bottle bank brown caddy"
LOGIN = "tests_web"
STILL = pytest.mark.asyncio(loop_scope="module")
"""Of tests that look at the site of their file (``still``) and leave nothing behind in it: one of its own costs 0.15 s of CPU."""
_has_login: set[str] = set()


class Compiled(jinja2.BytecodeCache):
    """Templates compiled once for all sites of this process."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Any) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Any) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


def sharing(read: Callable[[], jinja2.Environment]) -> Callable[[], jinja2.Environment]:
    """Return ``read`` with what was compiled for other sites."""
    kept = Compiled()

    def environment() -> jinja2.Environment:
        found = read()
        found.bytecode_cache = kept
        return found

    return environment


def trusting(make: Callable[..., ssl.SSLContext]) -> Callable[..., ssl.SSLContext]:
    """Return ``make``, of whose contexts all clients share the one that is asked for with nothing special."""
    shared = functools.cache(make)

    def context(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
        return (shared if verify is True and cert is None else make)(verify, cert, trust_env)

    return context


# A client reads all certificates there are, 60 ms of CPU, though sites of tests speak plain HTTP.
_transport: Any = httpx._transports.default
_transport.create_ssl_context = trusting(_transport.create_ssl_context)
# Hundreds of sites have the same templates and the same two passwords: what takes long is done once.
render.environment = sharing(render.environment)
team_door.signing_key = functools.cache(team_door.signing_key)


async def soon(delay_s: float) -> None:
    """Sleep a tenth of what uvicorn would between two looks at whether it is to end, and at whether it has."""
    await asyncio.sleep(delay_s / 10)


# Each of hundreds of sites waited two of uvicorn's tenths of a second for its own end.
uvicorn.server.asyncio = SimpleNamespace(**vars(asyncio) | {"sleep": soon})  # type: ignore[attr-defined]


class Also:
    """Knows people by their role and keys by their scopes, and whoever the site's own identity knows."""

    def __init__(self, own: Identity | None) -> None:
        self._own = own

    async def by_cookie(self, token: str, now: datetime) -> Principal | None:
        if token.startswith("as-"):
            return principal(token.removeprefix("as-"), signed_in_s=now.timestamp())
        return None if self._own is None else await self._own.by_cookie(token, now)

    async def by_key(self, key: str, now: datetime) -> Principal | None:
        if key.startswith("cok_for-"):
            return program(*key.removeprefix("cok_for-").split(","))
        return None if self._own is None else await self._own.by_key(key, now)


def also_knowing(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return what makes an application, for one that knows :class:`Also` whom the tests speak as."""

    def create_app(*args: Any, front: FrontDoor | None = None, **more: Any) -> Any:
        known = front or FrontDoor()
        app = make(*args, front=replace(known, identity=Also(known.identity)), **more)
        app.openapi = functools.partial(document, app.openapi)
        return app

    return create_app


def document(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the API's document, which is of the routes and so the same for all sites: it takes a second or two of CPU."""
    if not _document:
        _document.append(make())
    return _document[0]


_document: list[dict[str, Any]] = []


wiring_api.create_app = also_knowing(wiring_api.create_app)


@dataclass(frozen=True)
class Site:
    """A running site: its address, its database, what is installed and when "now" was."""

    url: str
    dsn: str
    town: Registry
    now: datetime
    http: httpx.AsyncClient
    stop: asyncio.Event
    running: asyncio.Task[None]
    limits: httpx.Limits
    others: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    def sign_in(self, role: str) -> None:
        """Sign this site's client in with a role, beside whatever home it has joined."""
        self.http.cookies.set(STAFF_PLAIN_COOKIE, f"as-{role}")

    def as_(self, role: str) -> httpx.AsyncClient:
        """Return the browser of somebody who is signed in with a role; it is closed with the site."""
        return self._other(role, cookies={STAFF_PLAIN_COOKIE: f"as-{role}"}, headers=OWN)

    def with_key(self, *scopes: str) -> httpx.AsyncClient:
        """Return a program whose key is good for these scopes."""
        key = f"cok_for-{','.join(scopes)}"
        return self._other(key, headers={"X-Api-Key": key})

    def _other(self, name: str, **more: Any) -> httpx.AsyncClient:
        if name not in self.others:
            self.others[name] = httpx.AsyncClient(
                base_url=self.url, timeout=60, verify=PLAIN, limits=self.limits, **more
            )
        return self.others[name]

    async def seen(self, path: str, **params: Any) -> Any:
        """Return the JSON of a page that must answer 200 to who runs the platform."""
        return await self.get(path, self.as_("operations"), **params)

    async def get(self, path: str, http: httpx.AsyncClient | None = None, /, **params: Any) -> Any:
        """Return the JSON of a page that must answer 200."""
        response = await (http or self.http).get(path, params=params or None)
        assert response.status_code == 200, (path, response.status_code, response.text[:300])
        return response.json()

    async def join(self, *codes: str, name: str = "") -> None:
        """Sign this site's client in to the homes with these codes, as one new resident."""
        self.http.cookies.clear()
        for code in codes:
            joined = await self.http.post("/join", data={"code": code, "name": name})
            assert joined.status_code == 303, (joined.status_code, joined.text[:300])
            assert joined.headers["location"].startswith("/home/"), joined.headers["location"]

    async def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement on the site's database and return its rows."""
        async with await psycopg.AsyncConnection.connect(self.dsn, autocommit=True) as connection:
            cursor = await connection.execute(statement, values)  # type: ignore[arg-type]
            return await cursor.fetchall() if cursor.description else []


async def own_login(dsn: str) -> str:
    """Return the connection string of a login as `cityops db upgrade` makes the website's; those beside it are there too.

    With the owner's login every page would work, whatever the roles say. Made once on a server, whose sites share it.
    """
    web, server = make_conninfo(dsn, user=LOGIN), make_conninfo(dsn, dbname="postgres")
    if server not in _has_login:
        async with await psycopg.AsyncConnection.connect(server, autocommit=True) as owner:
            await owner.execute("select pg_advisory_lock(4711)")  # of other processes
            await make_web_login(owner, web)
        _has_login.add(server)
    return web


@asynccontextmanager
async def running(
    dsn: str,
    town: Registry,
    now: datetime,
    port: int = 0,
    data_dir: Path | None = None,
    team: str | None = TEAM_PASSWORD,
    identity: dict[str, Any] | None = None,
    login: str = "",
    provisioning: dict[str, Any] | None = None,
    limits: httpx.Limits = USUAL,
    **api: Any,
) -> AsyncIterator[Site]:
    """Run the site until the end of the block.

    Args:
        dsn, town, now: of its database.
        port: 0 for any.
        data_dir: of a site that signs packs.
        team: the housing team's password; None: neither its pages nor the officers' desk are set up.
        identity: settings of it, beside the secret.
        provisioning: settings of it.
        limits: of its clients.
        login: connection string of the API's own login (:func:`own_login`); empty: the owner's.
        api: further settings of the API; tests look at what they have just written, so open answers are not kept.
    """
    stop, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    settings = Settings(
        db=DbSettings(dsn=dsn, pool_max=8),
        api=ApiSettings(**{"port": port, "dsn": login, "keep_s": 0.0, **api}),
        housing=HousingSettings.model_validate({"password": team}),
        winter=WinterSettings.model_validate({"password": team and OFFICERS_PASSWORD}),
        crew=CrewSettings.model_validate({"password": team and CREW_PASSWORD}),
        identity=IdentitySettings.model_validate({"secret": IDENTITY_SECRET} | (identity or {})),
        provisioning=ProvisioningSettings.model_validate(provisioning or {}),
        ops=OpsSettings.model_validate({"password": team and OPS_PASSWORD}),
        bin_days=BinDaysSettings.model_validate(
            {
                "password": team and WASTE_PASSWORD,
                "public_url": "https://bins.example",
                "channels": {"mail": "email"},
            }
        ),
    )
    if data_dir is not None:
        settings = settings.model_copy(update={"data_dir": data_dir})
    task = asyncio.create_task(run_api(settings, stop, started=address.set_result, warm=False))
    done, _ = await asyncio.wait({task, address}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    if task in done:
        task.result()
    url = await address
    async with httpx.AsyncClient(base_url=url, timeout=60, verify=PLAIN, headers=OWN, limits=limits) as http:
        try:
            site = Site(url, dsn, town, now, http, stop, task, limits)
            yield site
        finally:
            for other in site.others.values():
                await other.aclose()
            stop.set()
            await asyncio.wait_for(task, 10)


@asynccontextmanager
async def copied(
    server: str, template: str, town: Registry, now: datetime, data_dir: Path | None = None, **more: Any
) -> AsyncIterator[Site]:
    """Run a site on a copy of a seeded database, whose data flow as of now, on a login that takes the website's roles alone."""
    name = clone(server, template)
    dsn = with_database(server, name)
    await seed_web.keep_flowing(dsn)
    login = await own_login(dsn)
    async with running(
        dsn, town, now, data_dir=data_dir, login=login, sample_home=seed_web.DAMP_HOME, **more
    ) as started:
        yield started
    drop(server, name)


def clone(server: str, template: str) -> str:
    """Return the connection string of a fresh copy of a database; drop it with :func:`drop`."""
    name = f"cityops_web_{uuid.uuid4().hex[:12]}"
    create(server, name, template)
    return name

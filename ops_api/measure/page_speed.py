"""How long a resident waits for her page: the real server process, a real session, a year of readings in the database."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil

from cityops.db.pool import connect
from cityops.embedded.account import own_directory, server_account
from cityops.embedded.postgres import EmbeddedPostgres
from cityops.embedded.process import free_port
from cityops.embedded.sole_use import sole_use
from cityops.errors import TransientError
from cityops.runtime.stop import in_thread
from ops_api.demo.children import Children
from ops_api.demo.services import wait_ready
from ops_api.demo.stack import clear
from ops_api.measure.page_town import EMPTY, FULL, PageTown, fill, now_floor, quantiles

WARM_UP = 20
WANTED_P95_MS = 100.0
FOLDER = "bench"
TIMEOUT_S = 60.0
PAGES = {
    "resident page": f"/home/{FULL}",
    "same page, home without readings": f"/home/{EMPTY}",
    "server alone (/healthz)": "/healthz",
}
BASELINE = "same page, home without readings"


def page_figures(town: PageTown, requests: int, data_dir: Path) -> dict[str, Any]:
    """Return the figures of :func:`page_speed`, where no event loop runs."""
    return asyncio.run(page_speed(town, requests, data_dir.absolute()))


async def page_speed(town: PageTown, requests: int, data_dir: Path) -> dict[str, Any]:
    """Fill a database of its own, have the damp analyst work it out, serve it, and measure; return the figures.

    Args:
        town: what is in the database.
        requests: of each page, in turn.
        data_dir: the cityops data directory, absolute; ``bench`` below it is emptied.

    Raises:
        TransientError: a part does not start, or a page does not answer 200.
    """
    folder = data_dir / FOLDER
    own_directory(folder, server_account(folder), 0o711)
    with sole_use(folder):
        await asyncio.to_thread(clear, folder)
        server = EmbeddedPostgres(folder)
        await in_thread(server.start, interrupt=server.stop)
        try:
            return await measure(town, requests, server.dsn, folder)
        finally:
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(clear, folder)


async def measure(town: PageTown, requests: int, dsn: str, folder: Path) -> dict[str, Any]:
    """Do it on an empty database; ``folder``: for logs."""
    readings = await fill(dsn, town)
    port = free_port()
    environment = {"CITYOPS_DB__DSN": dsn, "CITYOPS_API__PORT": str(port), "CITYOPS_DATA_DIR": str(folder)}
    children = Children(environment | {"CITYOPS_LOG__FORMAT": "human"}, folder / "logs")
    try:
        # Findings, days and events are there as in life: the page may show them.
        children.start("analyst", ["damp", "recompute", "--now"])
        await asyncio.to_thread(_ended, children, "analyst")
        async with await connect(dsn, application_name="cityops bench") as conn:
            await conn.execute("vacuum analyze")
        children.start("api", ["api"])
        await wait_ready(children, "api", port)
        pid = children.running["api"].pid
        times_ms, cpu_ms, sizes = await asyncio.to_thread(ask, port, requests, pid)
    finally:
        await children.stop()
    return figures(times_ms, cpu_ms, sizes) | {
        "readings": readings,
        "days": town.days,
        "rooms": len(town.boxes),
        "other_homes": town.homes,
        "other_homes_days": town.others_days,
        "requests": requests,
    }


def _ended(children: Children, name: str) -> None:
    while children.running[name].running:
        time.sleep(0.1)
    code = children.end(name)
    if code != 0:
        raise TransientError(f"{name} ended with {code}; see {children.log_path(name)}")


def ask(
    port: int, requests: int, pid: int
) -> tuple[dict[str, list[float]], dict[str, float], dict[str, int]]:
    """Join both homes, look at each page until it is warm, then at all in turn, and at each alone.

    Returns:
        Times [ms], the server process's CPU time for one [ms] and sizes [bytes], by page.
    """
    browser = Browser(port)
    try:
        for code in (FULL, EMPTY):
            browser.join(code)
        times: dict[str, list[float]] = {name: [] for name in PAGES}
        sizes = {}
        for number in range(WARM_UP + requests):
            for name, path in PAGES.items():
                began_s = time.perf_counter()
                sizes[name] = len(browser.get(path))
                if number >= WARM_UP:
                    times[name].append(1000.0 * (time.perf_counter() - began_s))
        cpu_ms = {name: _cpu_ms(browser, path, max(requests // 3, 20), pid) for name, path in PAGES.items()}
        return times, cpu_ms, sizes
    finally:
        browser.close()


def _cpu_ms(browser: Browser, path: str, requests: int, pid: int) -> float:
    process = psutil.Process(pid)
    before = process.cpu_times()
    for _ in range(requests):
        browser.get(path)
    after = process.cpu_times()
    return 1000.0 * (after.user - before.user + after.system - before.system) / requests


class Browser:
    """One kept connection with its cookies, as a phone's browser has."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        self._cookies: dict[str, str] = {}

    def join(self, code: str) -> None:
        """Become a resident of a home with its code."""
        form = urlencode({"code": code, "name": "Bench"})
        status, _ = self._ask("POST", "/join", form, {"Content-Type": "application/x-www-form-urlencoded"})
        if status != 303 or not self._cookies:
            raise TransientError(f"joining a home answered {status}")

    def get(self, path: str) -> bytes:
        """Return a page; TransientError where the answer is not 200."""
        status, body = self._ask("GET", path)
        if status != 200:
            raise TransientError(f"{path} answered {status}: {body[:200]!r}")
        return body

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        cookie = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items())} if self._cookies else {}
        self._connection.request(method, path, body, {**(headers or {}), **cookie})
        answer = self._connection.getresponse()
        content = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        return answer.status, content


def figures(
    times_ms: Mapping[str, list[float]], cpu_ms: Mapping[str, float], sizes: Mapping[str, int]
) -> dict[str, Any]:
    """Return percentiles by page, and whether the resident's is as fast as wanted."""
    pages = {
        name: dict(zip(("p50_ms", "p95_ms", "p99_ms"), quantiles(times), strict=True))
        | {"server_cpu_ms": round(cpu_ms[name], 1), "bytes": sizes[name]}
        for name, times in times_ms.items()
    }
    mine, baseline = pages["resident page"], pages[BASELINE]
    return {
        "pages": pages,
        "wanted_p95_ms": WANTED_P95_MS,
        "reached": mine["p95_ms"] <= WANTED_P95_MS,
        "p50_ratio_to_empty_home": round(mine["p50_ms"] / max(baseline["p50_ms"], 0.1), 2),
    }


def town_of(days: int, homes: int, others_days: int) -> PageTown:
    """Return the town whose newest readings are of now."""
    return PageTown(days=days, homes=homes, others_days=min(others_days, days), end=now_floor())

"""Whether the web pages open on a database: asked of the real server, on a port of its own."""

from __future__ import annotations

import asyncio
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from cityops.db.migrate import status
from cityops.db.pool import connect
from cityops.settings import Settings

PAGES = ("/readyz", "/api/v1/status", "/", "/health")
_TIMEOUT_S = 30.0


async def pages_open(settings: Settings, dsn: str) -> tuple[list[str], str]:
    """Return what of the pages does not open, and what was done in words.

    A database of an older version is not looked at: its pages open after `cityops db upgrade`.
    """
    async with await connect(dsn) as conn:
        state = await status(conn)
    if not state.current:
        return [], f"pages not tried: {len(state.pending)} migrations to apply (cityops db upgrade)"
    from ops_api.wiring_api import run_api  # the whole web server, for this alone

    with tempfile.TemporaryDirectory() as folder:
        own, stop = _on(settings, dsn, Path(folder)), asyncio.Event()
        address = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(run_api(own, stop, started=address.set_result, warm=False))
        try:
            await asyncio.wait({serving, address}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                return [f"the web server does not start: {serving.exception()}"], "pages tried"
            pages = [address.result() + page for page in PAGES]
            wrong = [said for page in pages if (said := await asyncio.to_thread(_ask, page))]
        finally:
            stop.set()
            await asyncio.gather(serving, return_exceptions=True)
    return wrong, f"pages tried: {', '.join(PAGES)}"


def _on(settings: Settings, dsn: str, folder: Path) -> Settings:
    """Return settings of a website on this database alone.

    Nothing of the live one: neither its login nor its folder, where lines of its audit may wait, nor its place at the broker.
    """
    here = {"host": "127.0.0.1", "port": 0, "dsn": "", "resident_dsn": "", "tls_cert": None, "tls_key": None}
    return settings.model_copy(
        update={
            "db": settings.db.model_copy(update={"dsn": dsn}),
            "api": settings.api.model_copy(update=here),
            "sta": settings.sta.model_copy(update={"mqtt_username": ""}),
            "data_dir": folder,
        }
    )


def _ask(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310  an address of ours
            answer.read()
    except (OSError, urllib.error.HTTPError) as error:
        return f"{url}: {error}"
    return ""

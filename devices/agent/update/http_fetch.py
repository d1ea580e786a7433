"""Fetches a bundle over HTTP, from the last durable byte on (RFC 9110, section 14: Range)."""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices.agent.update.durable import Places
from devices.agent.update.files import Files
from devices.agent.update.job import Job
from devices.contract.update.manifest import BundleError

_BLOCK = 16_384
_SYNC_EVERY = 16 * _BLOCK
_TIMEOUT_S = 60.0


def fetch(files: Files, wanted: Job, sleep: Callable[[float], None] = time.sleep) -> None:
    """Have the whole bundle on the card.

    Raises:
        BundleError: ``network``: it broke off; what came stays. ``damaged``: there is more than was offered.
        OSError: the card.
    """
    path = Places(Path(wanted.root)).bundle(wanted.bundle)
    files.make_folder(path.parent)
    held = files.size(path) or 0
    if held > wanted.size:
        files.remove(path)
        held = 0
    if held == wanted.size:
        return
    try:
        with _open(wanted, held) as answer:
            held = held if answer.status == 206 else 0
            _take(files, path, answer, held, wanted, sleep)
    except (
        urllib.error.URLError,
        http.client.HTTPException,
        TimeoutError,
        ConnectionError,
        ssl.SSLError,
    ) as e:
        raise BundleError("network", f"{wanted.url}: {e}") from e
    if (files.size(path) or 0) < wanted.size:
        raise BundleError("network", f"{wanted.url} broke off")


def _open(wanted: Job, held: int) -> Any:
    if not wanted.url.startswith(("https://", "http://")):
        raise BundleError("network", f"{wanted.url[:80]!r} is no address for HTTP")
    request = urllib.request.Request(wanted.url, headers={"Range": f"bytes={held}-"} if held else {})  # noqa: S310
    context = ssl.create_default_context(cafile=wanted.tls_ca or None)
    return urllib.request.urlopen(request, timeout=_TIMEOUT_S, context=context)  # noqa: S310


def _take(
    files: Files, path: Path, answer: Any, at: int, wanted: Job, sleep: Callable[[float], None]
) -> None:
    unsynced = 0
    while block := answer.read(_BLOCK):
        if at + len(block) > wanted.size:
            files.remove(path)
            raise BundleError("damaged", "the file is longer than was offered")
        files.append(path, at, block)
        at, unsynced = at + len(block), unsynced + len(block)
        if unsynced >= _SYNC_EVERY:
            files.sync(path)
            unsynced = 0
        sleep(len(block) / wanted.rate_bytes_s)
    if unsynced:
        files.sync(path)

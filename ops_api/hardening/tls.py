"""HTTPS with a certificate that is renewed while the server runs, without a cut connection.

What is loaded into a live ``SSLContext`` is what the next connection gets; open ones keep theirs. A pair that does not fit is
not loaded: a new context tries it first, so that a key that is still being written never meets its certificate.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import structlog

from cityops.errors import ConfigurationError

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 30.0
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2, with forward secrecy; TLS 1.3 has no others."""

Mark = tuple[tuple[int, int, int], ...]
"""Of each file its time [ns], size and inode: a renewed one differs in one of them."""


def server_context(cert: Path, key: Path) -> ssl.SSLContext:
    """Return the context that a server begins with: TLS 1.2 and newer.

    Raises:
        ConfigurationError: a file can't be read, or the two are no pair.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    try:
        _load(context, cert, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"api.tls_cert and api.tls_key: {cert} and {key} are no certificate with its key ({error})"
        ) from error
    return context


def renew(context: ssl.SSLContext, cert: Path, key: Path) -> bool:
    """Give new connections what the files say now; False where they are no pair, and all stays as it was."""
    try:
        _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), cert, key)
        _load(context, cert, key)
    except (OSError, ssl.SSLError) as error:
        log.error(
            "a renewed certificate can't be used; the one before stays", cert=str(cert), error=str(error)
        )
        return False
    log.info("certificate renewed", cert=str(cert))
    return True


async def watch(
    context: ssl.SSLContext,
    cert: Path,
    key: Path,
    told: Callable[[bool], None],
    every_s: float = LOOK_EVERY_S,
) -> None:
    """Look at the files again and again, until cancelled, and renew what changed.

    Args:
        context: of the server that runs.
        cert: PEM file of the chain.
        key: PEM file of its key.
        told: called after each change with whether it could be used.
        every_s: seconds between looks.
    """
    seen = mark_of(cert, key)
    while True:
        await asyncio.sleep(every_s)
        now = mark_of(cert, key)
        if now != seen and now is not None:
            done = renew(context, cert, key)
            told(done)
            # What could not be used is tried again at each look: its other half may still be coming.
            seen = now if done else None


def mark_of(*files: Path) -> Mark | None:
    """Return what tells these files from others; None where one is not there, as between two renames."""
    try:
        stats = [file.stat() for file in files]
    except OSError:
        return None
    return tuple((s.st_mtime_ns, s.st_size, s.st_ino) for s in stats)


def _load(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    # No password is asked for on the terminal: a key that has one is no key for a server that starts by itself.
    context.load_cert_chain(cert, key, password=lambda: "")

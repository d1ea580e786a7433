"""What a device asks the council's server for over HTTPS, with what Python has."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from cityops.errors import ConfigurationError, TransientError

TIMEOUT_S = 30.0
MOST_BYTES = 256 * 1024
PROVES_NOTHING = 401
"""Status where the server does not know what a device shows."""
CANT_BE_USED = 422
"""Status where the server can't use what a device brought: asked for again as it is, it says so again."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class RefusedError(ConfigurationError):
    """The server says no, in words; ``status`` is HTTP's."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


def check_server(url: str) -> str:
    """Return a server's address without what is behind its host.

    Raises:
        ConfigurationError: it is none, or not https: a code must not be read on its way.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ConfigurationError(f"server {url!r}: write https://city.example")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigurationError(f"server {url!r}: http is for this machine alone; write https://")
    return f"{parts.scheme}://{parts.netloc}"


class _StayError(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: the code is for this server, and none that it names."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def post(
    server: str, path: str, body: Mapping[str, Any], *, ca: Path | None = None, authorization: str = ""
) -> dict[str, Any]:
    """Send JSON and return the answer's.

    Raises:
        RefusedError: the server says no.
        TransientError: it does not answer, or can't now; trying again may help.
        ConfigurationError: its certificate is not trusted.
    """
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if authorization:
        headers["Authorization"] = authorization
    asked = urllib.request.Request(  # noqa: S310  check_server allows https, and http on this machine
        check_server(server) + path, msgspec.json.encode(body), headers, method="POST"
    )
    handlers: list[urllib.request.BaseHandler] = [_StayError()]
    if server.startswith("https:"):
        handlers.append(urllib.request.HTTPSHandler(context=_context(ca)))
    try:
        with urllib.request.build_opener(*handlers).open(asked, timeout=TIMEOUT_S) as answer:
            return _document(answer.read(MOST_BYTES))
    except urllib.error.HTTPError as e:
        raise _refusal(server, e) from e
    except urllib.error.URLError as e:
        if isinstance(e.reason, ssl.SSLCertVerificationError):
            raise ConfigurationError(
                f"{server}: its certificate is not trusted ({e.reason.verify_message}); give --ca FILE with the council's authority"
            ) from e
        raise TransientError(f"{server} does not answer: {e.reason}") from e
    except OSError as e:
        raise TransientError(f"{server} does not answer: {e}") from e


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as e:
        raise ConfigurationError(f"{ca} can't be read as an authority's certificate: {e}") from e


def _refusal(server: str, error: urllib.error.HTTPError) -> RefusedError | TransientError:
    try:
        words = str(_document(error.read(MOST_BYTES)).get("detail", ""))
    except (TransientError, OSError):
        words = ""
    said = "".join(c for c in words if c.isprintable())[:300] or f"it answers {error.code}"
    if error.code >= 500:
        return TransientError(f"{server} can't now: {said}")
    return RefusedError(f"{server} says: {said}", error.code)


def _document(raw: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise TransientError("the server's answer is not JSON: is this the council's server?") from e

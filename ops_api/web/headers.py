"""Security headers on every answer, and no writing from other sites' pages.

The content policy allows our own files only: no inline script, no inline style, no other
host, no frame. RFC 9110; CSP level 3; Fetch metadata (W3C).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    # A home's code is in its address: it must not travel to anyone else. (Not no-referrer: our own forms
    # would come without their origin.)
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), interest-cohort=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-robots-tag", b"noindex, nofollow"),
)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED = b'{"type":"/problems/not-allowed","title":"Not allowed","status":403,"detail":"Writing from another site\'s page is not allowed."}'


def _foreign(scope: MutableMapping[str, Any]) -> bool:
    """Whether a browser says that another site's page sends this write."""
    if scope["method"] in _SAFE:
        return False
    headers = dict(scope["headers"])
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site not in (b"same-origin", b"none")
    # Browsers before 2023 send no fetch metadata, but every browser names its page's origin.
    origin = headers.get(b"origin")
    return origin is not None and origin.partition(b"://")[2].lower() != headers.get(b"host", b"").lower()


class SecurityHeaders:
    """ASGI middleware; adds what a response does not carry itself."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle a request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers") or [])
                present = {name.lower() for name, _ in headers}
                headers += [h for h in HEADERS if h[0] not in present]
                if b"cache-control" not in present:
                    headers.append((b"cache-control", _caching(scope["path"])))
                message["headers"] = headers
            await send(message)

        if _foreign(scope):
            start = {"type": "http.response.start", "status": 403}
            await send_with_headers({**start, "headers": [(b"content-type", b"application/problem+json")]})
            await send({"type": "http.response.body", "body": _REFUSED})
            return
        await self._app(scope, receive, send_with_headers)


def _caching(path: str) -> bytes:
    # Static files are addressed with a digest of their content.
    return b"public, max-age=31536000, immutable" if path.startswith("/static/") else b"no-store"

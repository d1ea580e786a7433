"""Signed CloudEvents to programs.

A repeat has the same id and the same body, so that receivers can tell it; only the time of
signing is new. Receivers verify with any library of Standard Webhooks.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from urllib.parse import SplitResult, urldefrag

import msgspec
from pydantic import SecretStr

from cityops.clock import Clock
from rules.core.notify.cloud_event import CONTENT_TYPE, cloud_event, message_id
from rules.core.notify.model import Notification, Sent
from rules.core.notify.signing import headers, key_of
from rules.notify.channels.addresses import RefusedAddressError, Resolve, check_form, checked, resolve

MARK = "secret="
"""In the fragment of an address: the name of its secret. Fragments are never sent."""
_PASSING = {408, 425, 429}


class WebhookChannel:
    """:class:`rules.notify.ports.Channel` for programs.

    Args:
        secrets: by name, as ``whsec_`` and base64.
        source: of the events: a URI that tells this installation from others.
        clock: time of signing.
        allowed: hosts that may be private or asked by plain http.
        find: resolves names.
    """

    name = "webhook"
    tells = False
    knows_repeats = True

    def __init__(
        self,
        secrets: Mapping[str, SecretStr],
        source: str,
        clock: Clock,
        allowed: frozenset[str] = frozenset(),
        find: Resolve = resolve,
    ) -> None:
        self._secrets, self._source, self._clock = secrets, source, clock
        self._allowed, self._find = allowed, find

    def send(self, notification: Notification, timeout_s: float) -> Sent:
        """Post it."""
        url, mark = urldefrag(notification.address)
        if not url:
            return Sent(verdict="refused", error=f"{notification.recipient} is not registered any more")
        secret = self._secrets.get(mark.removeprefix(MARK))
        if secret is None:
            return Sent(verdict="refused", error=f"no webhook secret {mark.removeprefix(MARK)!r} is set")
        try:
            key = key_of(secret.get_secret_value())
            parts = check_form(url)
            address = checked(parts, self._allowed, self._find)
        except ValueError as error:  # RefusedAddressError too
            return Sent(verdict="refused", error=str(error))
        except OSError:
            return Sent(verdict="retry", error="the webhook's host is not known")
        return self._post(parts, address, self._content(notification, key), timeout_s)

    def state_of(self, reference: str, timeout_s: float) -> Sent | None:
        """Return None: it can't tell, but a repeat does no harm."""
        return None

    def _content(self, notification: Notification, key: bytes) -> tuple[dict[str, str], bytes]:
        body = msgspec.json.encode(cloud_event(notification, self._source))
        stamp = int(self._clock.now().timestamp())
        signed = headers(key, message_id(notification), stamp, body)
        return {**signed, "Content-Type": CONTENT_TYPE, "User-Agent": "cityops", "Connection": "close"}, body

    def _post(
        self, parts: SplitResult, address: str, content: tuple[dict[str, str], bytes], timeout_s: float
    ) -> Sent:
        head, body = content
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = _Checked(parts, address, timeout_s)
        # A receiver that sends a byte now and then would keep the thread for ever.
        patience = threading.Timer(2 * timeout_s, connection.cut)
        patience.daemon = True
        patience.start()
        try:
            connection.request("POST", path, body, head)
            answer = connection.getresponse()
            return _verdict(answer.status, answer.headers.get("Retry-After"))
        except (OSError, http.client.HTTPException) as error:
            return Sent(verdict="retry", error=f"webhook: {type(error).__name__}")
        finally:
            patience.cancel()
            connection.close()


class _Checked(http.client.HTTPConnection):
    """A connection to the address that was checked, whatever the name means by now."""

    def __init__(self, parts: SplitResult, address: str, timeout_s: float) -> None:
        self._tls = parts.scheme == "https"
        host = parts.hostname or ""
        super().__init__(host, parts.port or (443 if self._tls else 80), timeout=timeout_s)
        self._address = address

    def connect(self) -> None:
        """Connect; with TLS the certificate must be the name's."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._tls:
            secure = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock = secure
            secure.do_handshake()

    def cut(self) -> None:
        """End whatever waits on the connection, from another thread."""
        with contextlib.suppress(OSError, AttributeError):  # not connected yet, or over
            self.sock.shutdown(socket.SHUT_RDWR)


def _verdict(status: int, retry_after: str | None) -> Sent:
    if 200 <= status < 300:
        return Sent(verdict="delivered")
    error = f"webhook answered {status}"
    if status in _PASSING or status >= 500:
        wait_s = float(retry_after) if retry_after is not None and retry_after.isdecimal() else None
        return Sent(
            verdict="retry", error=error, retry_after_s=None if wait_s is None else min(wait_s, 3600.0)
        )
    if 300 <= status < 400:
        error += "; redirects are not followed"
    return Sent(verdict="refused", error=error)


__all__ = ["MARK", "RefusedAddressError", "WebhookChannel"]

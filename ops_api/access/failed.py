"""Has a sign-in that failed written down: what was tried, from where, and why it was refused; never what was typed."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Protocol, cast

from fastapi import Request

from cityops.clock import Clock
from ops_api.access.ports import AuditLog
from ops_api.audit.core.model import Failure
from ops_api.client_network import network_of

MARK = 16
NAME_MOST = 63


class _Front(Protocol):
    @property
    def audit(self) -> AuditLog | None: ...
    @property
    def secret(self) -> bytes: ...


class _Context(Protocol):
    @property
    def front(self) -> _Front: ...
    @property
    def clock(self) -> Clock: ...


def failed(
    request: Request,
    why: str,
    status: int,
    *,
    about: str = "",
    name: str = "",
    key: str = "",
    typed: str = "",
) -> None:
    """Have it written down that a sign-in failed.

    Args:
        request: which was refused.
        why: a word of ours.
        status: of the answer.
        about: what it was at, where that is known.
        name: the account's, as typed.
        key: the public part of a key.
        typed: what was typed instead of a name or a key; of it, and of a name or key that there is not, a mark is kept.
    """
    ctx = cast("_Context", request.app.state.context)
    if ctx.front.audit is not None:
        mark = _mark(ctx.front.secret, typed or name or key)
        ctx.front.audit.failed(_failure(request, ctx.clock.now(), why, status, about, name, key, mark))


def _failure(
    request: Request, now: datetime, why: str, status: int, about: str, name: str, key: str, mark: str
) -> Failure:
    rule, client = getattr(request.state, "rule", None), request.client
    return Failure(
        at_us=round(now.timestamp() * 1_000_000),
        via="web" if rule is not None and rule.page else "rest",
        action=f"{request.method} {getattr(request.scope.get('route'), 'path', '')}".rstrip(),
        outcome=str(status),
        source="" if client is None else network_of(client.host),
        request_id=str(getattr(request.state, "request_id", "")),
        why=why,
        about=about,
        name=name[:NAME_MOST] if name.isascii() and name.isprintable() else "",
        key=key[:NAME_MOST],
        mark=mark,
    )


def _mark(secret: bytes, text: str) -> str:
    if not text:
        return ""
    return hmac.new(secret, b"failed\n" + text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[
        :MARK
    ]

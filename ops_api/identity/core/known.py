"""The mark of a browser that has signed in to an account: it opens nothing, and spares that browser others' wrong tries. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from ops_api.identity.core.keys import mark, same

LIFE = timedelta(days=90)


def known_text(secret: bytes, name: str, chance: str, now: datetime) -> str:
    """Return what such a browser keeps; ``chance``: tells it from others."""
    head = f"{int(now.timestamp())}.{chance}"
    return f"{head}.{_mark(secret, name, head)}"


def known_browser(secret: bytes, name: str, text: str, now: datetime) -> str:
    """Return which browser it is that keeps a text; empty: none that is known to the account."""
    head, _, given = text.rpartition(".")
    at, _, chance = head.partition(".")
    if not (given.isascii() and same(_mark(secret, name, head).encode(), given.encode())):
        return ""
    return chance if int(at) + LIFE.total_seconds() > now.timestamp() else ""


def cookie_of(secret: bytes, name: str) -> str:
    """Return the name of the cookie in which a browser keeps it; it tells nobody which account it is."""
    return f"cityops_known_{mark(secret, f'cookie{chr(10)}{name}').hex()[:12]}"


def _mark(secret: bytes, name: str, head: str) -> str:
    return mark(secret, f"known\n{name}\n{head}").hex()

"""What the pages of accounts show: QR codes, sessions, keys and passkeys in words."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import segno

from ops_api.identity.model import How
from ops_api.web.brand import Brand
from ops_api.web.browser_name import browser_name

_HOW: Mapping[How, str] = {
    "password": "name and password",
    "passkey": "a passkey",
    "oidc": "the council’s sign-in",
    "link": "a link",
}
ROLES: Mapping[str, str] = {
    "highways": "Highways officer",
    "gritter_crew": "Gritter crew",
    "waste": "Waste manager",
    "bin_crew": "Bin crew",
    "operations": "Operations centre",
    "housing": "Housing officer",
    "devices": "Device manager",
    "admin": "Administrator",
    "open_data": "Open-data reader",
    "service": "Service (programs)",
}
"""What roles are called, in the order in which pages offer them."""


def qr_code(address: str) -> str:
    """Return a QR code as the address of an image."""
    return segno.make(address, error="m").svg_data_uri(scale=5, border=3, dark="#10262d", light="#fff")


def sessions(rows: Sequence[Mapping[str, Any]], mine: str, brand: Brand) -> list[dict[str, Any]]:
    """Return sessions as they stand in the list; ``mine``: the one that asks."""
    return [
        {
            "id": str(row["session_id"]),
            "mine": str(row["session_id"]) == mine,
            "agent": browser_name(row["agent"] or ""),
            "said": f"since {_when(row['made_at'], brand)} by {_HOW[row['how']]}, last used {_when(row['seen_at'], brand)}",
        }
        for row in rows
    ]


def keys(rows: Sequence[Mapping[str, Any]], now: datetime, brand: Brand) -> list[dict[str, Any]]:
    """Return keys as they stand in the list."""
    return [
        {
            "id": row["key_id"],
            "label": row["label"],
            "scopes": ", ".join(row["scopes"]),
            "holds": row.get("revoked_at") is None and row["expires_at"] > now,
            "said": _key_said(row, now, brand),
        }
        for row in rows
    ]


def passkeys(rows: Sequence[Mapping[str, Any]], brand: Brand) -> list[dict[str, Any]]:
    """Return passkeys as they stand in the list."""
    return [
        {
            "id": base64.urlsafe_b64encode(bytes(row["credential_id"])).rstrip(b"=").decode(),
            "label": row["label"] or "A passkey",
            "said": f"since {_day(row['made_at'], brand)}, {_used(row['used_on'])}",
        }
        for row in rows
    ]


def account(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an account as administrators see it."""
    ways = [
        word
        for word, there in (
            ("password", row["password"]),
            ("authenticator", row["totp"]),
            ("passkey", row["passkeys"] > 0),
            ("the council’s sign-in", row["provider"]),
        )
        if there
    ]
    closed = row["disabled_at"] is not None
    return {
        "name": row["name"],
        "label": row["label"],
        "roles": row["roles"],
        "roles_said": ", ".join(ROLES.get(role, role) for role in row["roles"]) or "No role",
        "closed": closed,
        "said": "Closed"
        if closed
        else f"Signs in with {', '.join(ways)}"
        if ways
        else "Has no way to sign in yet",
        "seen": _used(row["seen_on"]).replace("used", "signed in"),
    }


def _key_said(row: Mapping[str, Any], now: datetime, brand: Brand) -> str:
    if row.get("revoked_at") is not None:
        return f"revoked on {_day(row['revoked_at'], brand)}"
    until = "ran out on" if row["expires_at"] <= now else "until"
    return f"{until} {_day(row['expires_at'], brand)}, {_used(row['used_on'])}"


def _used(day: date | None) -> str:
    return "never used" if day is None else f"last used on {day.day} {day:%B %Y}"


def _day(at: datetime, brand: Brand) -> str:
    there = at.astimezone(brand.time_zone)
    return f"{there.day} {there:%B %Y}"


def _when(at: datetime, brand: Brand) -> str:
    there = at.astimezone(brand.time_zone)
    return f"{there.day} {there:%B %H:%M}"

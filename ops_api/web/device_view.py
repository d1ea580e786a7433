"""Devices' identities and labels as pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import segno

from ops_api.provisioning.desk import Label
from ops_api.provisioning.labels import payload
from ops_api.web.brand import Brand

STATES: Mapping[str, str] = {
    "active": "In service",
    "unclaimed": "Waits to be claimed",
    "quarantined": "Quarantined",
    "retired": "Retired",
}
_ACTS: Mapping[str, str] = {"homed": "put into a home"}
_CREDENTIALS: Mapping[str | None, str] = {
    "token": "a password of its own",
    "x509": "a certificate of its own",
    None: "no credential that we know of",
}


def device(row: Mapping[str, Any], brand: Brand) -> dict[str, Any]:
    """Return a device as it stands in lists and at the top of its page."""
    state = "retired" if row["retired_at"] is not None else str(row["state"])
    return {
        "name": row["name"],
        "kind": row["kind"],
        "state": state,
        "state_said": STATES[state],
        "reason": row["reason"],
        "credential": _CREDENTIALS[row["credential"]],
        "has_credential": row["credential"] is not None,
        "label": _label(row, brand),
        "keep": row["keep"],
    }


def acts(rows: Sequence[Mapping[str, Any]], brand: Brand) -> list[dict[str, str]]:
    """Return what was done to a device."""
    return [
        {
            "at": _when(row["at"], brand),
            "by": row["by"],
            "act": _ACTS.get(row["act"], row["act"]),
            "detail": row["detail"],
        }
        for row in rows
    ]


def lives(rows: Sequence[Mapping[str, Any]], brand: Brand) -> list[dict[str, Any]]:
    """Return who showed themselves under a device's name."""
    return [
        {
            "install": row["install"],
            "boot": row["boot"],
            "first": _when(row["first_seen"], brand),
            "last": _when(row["last_seen"], brand),
        }
        for row in rows
    ]


def label(made: Label, public_url: str, brand: Brand) -> dict[str, str]:
    """Return a label that was just made: its code, and a QR code as the address of an image."""
    qr = segno.make(payload(made.code, public_url), error="m")
    return {
        "device": made.device,
        "code": made.code,
        "model": made.model,
        "until": _day(made.expires_at, brand),
        "qr": qr.svg_data_uri(scale=4, border=2, dark="#000", light="#fff"),
    }


def _label(row: Mapping[str, Any], brand: Brand) -> str:
    if row["hint"] is None:
        return "no label"
    if row["label_used"]:
        return f"label …{row['hint']}, used"
    return f"label …{row['hint']}, opens until {_day(row['label_until'], brand)}"


def _day(at: Any, brand: Brand) -> str:
    there = at.astimezone(brand.time_zone)
    return f"{there.day} {there:%B %Y}"


def _when(at: Any, brand: Brand) -> str:
    there = at.astimezone(brand.time_zone)
    return f"{there.day} {there:%B %H:%M:%S}"

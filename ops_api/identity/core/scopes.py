"""Which scopes a program's key may have, by the roles of whoever it belongs to. Pure.

They are asked again at each use: who loses a role, loses what their keys could do by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ops_api.access.model import STAFF, Role

_ALL = frozenset({"open:read", "export"})
_STAFF = _ALL | {"desk:read"}
_OF: Mapping[Role, frozenset[str]] = MappingProxyType(
    {
        Role.HIGHWAYS: frozenset({"desk:write", "winter:write", "forecasts:write"}),
        Role.GRITTER_CREW: frozenset({"winter:write"}),
        Role.WASTE: frozenset({"desk:write", "bins:write"}),
        Role.BIN_CREW: frozenset({"bins:write"}),
        Role.OPERATIONS: frozenset({"desk:write", "incidents:write"}),
        Role.HOUSING: frozenset({"desk:write", "housing:read"}),
        Role.DEVICES: frozenset({"desk:write", "devices:write", "observations:write"}),
        Role.ADMIN: frozenset({"accounts:write", "audit:read"}),
        Role.OPEN_DATA: frozenset(),
        Role.SERVICE: _STAFF
        | {
            "desk:write",
            "winter:write",
            "bins:write",
            "incidents:write",
            "devices:write",
            "observations:write",
            "forecasts:write",
            "housing:read",
        },
    }
)
SAID: Mapping[str, str] = MappingProxyType(
    {
        "open:read": "Searches open data 6,000 times a minute, not 60. Reading it needs no key.",
        "export": "Makes ten times as many bulk exports of open readings a day.",
        "desk:read": "Reads what the platform refused, whom it tells, webhooks and metrics.",
        "desk:write": "Acts on alarms and repairs, reads the names in them; from who looks after devices, tests messages and sets webhooks.",
        "winter:write": "Answers and orders treatment of roads, or as a crew says that a lorry is out.",
        "forecasts:write": "Brings in weather forecasts.",
        "bins:write": "Plans bin rounds again and reads missed collections.",
        "incidents:write": "Works on incidents, closes and opens roads.",
        "housing:read": "Reads the homes that share with the housing team. Each household reads who looked and why.",
        "devices:write": "Registers, labels and revokes devices; makes and changes things of SensorThings.",
        "observations:write": "Sends observations of SensorThings.",
        "accounts:write": "Makes, changes and closes accounts, and revokes keys.",
        "audit:read": "Reads who saw or changed what.",
    }
)
"""What each scope lets a program do, of what its owner may, in a sentence for whoever makes a key."""


def scopes_of(roles: Iterable[Role]) -> frozenset[str]:
    """Return what keys of an account with these roles may be good for; none for no role."""
    held = frozenset(roles)
    common = _STAFF if held & STAFF else _ALL if held else frozenset()
    return common.union(*(_OF.get(role, frozenset()) for role in held))


def roles_of(names: Iterable[str]) -> frozenset[Role]:
    """Return roles by name; a name that is none any more is left out."""
    known = {role.value: role for role in Role}
    return frozenset(known[name] for name in names if name in known)

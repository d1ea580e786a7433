"""Who may publish and subscribe what on the broker: the rights of each role.

A device writes its own topics up and reads its own topics down. Services have a
listener of their own, where client ids are free (the ingester uses one per shard).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from cityops.embedded.mosquitto_files import Access, ServiceUser
from devices.contract.topics import DOWN, PREFIX, UP

Role = Literal["ingest", "operator", "gateway"]

_ANY = f"{PREFIX}/+/+/+"
_OWN = f"{PREFIX}/+/+/%u"

DEVICE_RIGHTS: tuple[str, ...] = (
    *(f"write {_OWN}/{channel}" for channel in sorted(UP)),
    *(f"read {_OWN}/{channel}" for channel in sorted(DOWN)),
)
"""The shard and kind are free in the pattern; the ingester checks them against the registry."""

SERVICE_RIGHTS: Mapping[Role, tuple[str, ...]] = {
    # Broker to database: hears every device, answers with receipts.
    "ingest": (*(f"read {_ANY}/{channel}" for channel in sorted(UP)), f"write {_ANY}/receipt"),
    # Control plane: tells devices what is wanted, and hears what they report.
    "operator": (
        f"read {_ANY}/status",
        f"read {_ANY}/reported",
        f"write {_ANY}/desired",
        f"write {_ANY}/firmware",
    ),
    # Speaks for many devices: a LoRaWAN bridge, a simulated fleet, a replay.
    "gateway": (
        *(f"write {_ANY}/{channel}" for channel in sorted(UP)),
        *(f"read {_ANY}/{channel}" for channel in sorted(DOWN)),
    ),
}


def access(devices: Mapping[str, str], services: Mapping[str, tuple[Role, str]]) -> Access:
    """Return the broker's users and rights.

    Args:
        devices: password by device name.
        services: role and password by user name.
    """
    users = {name: ServiceUser(password, SERVICE_RIGHTS[role]) for name, (role, password) in services.items()}
    return Access(devices=devices, device_rights=DEVICE_RIGHTS, services=users)

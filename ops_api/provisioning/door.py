"""What routes about devices' identities are given."""

from __future__ import annotations

from dataclasses import dataclass

from ops_api.provisioning.claiming import Claiming
from ops_api.provisioning.desk import DeviceDesk


@dataclass(frozen=True, slots=True)
class Safety:
    """What is told of security: where weaknesses are reported, and the last day of updates (ISO 8601); empty: not set."""

    contact: str = ""
    support_until: str = ""


@dataclass(frozen=True, slots=True)
class DeviceDoor:
    """The device manager's desk, and who takes devices' claims."""

    desk: DeviceDesk
    claiming: Claiming
    safety: Safety

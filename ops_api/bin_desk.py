"""What routes about bin days and reports are given; built by ``ops_api.wiring_bin_days``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops_api.bin_rounds import BinRounds
from ops_api.housing.team_door import TeamDoor
from ops_api.senders import SenderLimit
from rules.bin_days.missed_desk import MissedDesk
from rules.bin_days.ports import BinDays, Reminders
from rules.collection_acts.ports import CollectionActs
from rules.notify.ports import Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class BinDesk:
    """The residents' side of collections.

    Attributes:
        site: address of the pages for links in messages; empty: no reminders are offered.
        channels: what a resident may be reminded over: name and kind (``email``, ``sms``, ``push``).
        door: lets programs of the waste team in; None: there is no such password.
        rounds: today's lorries for the board; None: rounds are not served.
        reports, lookups: how much one network may send and look up.
    """

    days: BinDays
    reminders: Reminders
    outbox: Outbox
    acts: CollectionActs
    missed: MissedDesk
    site: str = ""
    channels: Mapping[str, str] = field(default_factory=dict)
    door: TeamDoor | None = None
    rounds: BinRounds | None = None
    reports: SenderLimit = field(default_factory=lambda: SenderLimit(10))
    lookups: SenderLimit = field(default_factory=lambda: SenderLimit(120))

    @property
    def reminds(self) -> bool:
        """Whether reminders are offered."""
        return bool(self.site and self.channels)

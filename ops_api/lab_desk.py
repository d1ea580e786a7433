"""Faults of the simulated town: what may be switched, and what is. For the page, REST and commands alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ops_api.numbers_given import Integer, Number
from ops_api.queries import Db, Row

SHOWN = 50
FRESH = timedelta(seconds=30)
"""A town that has said nothing for longer does not play."""

FaultName = Literal[
    "clock", "drift", "stuck", "spike", "dropout", "sentinel", "brown_out", "uplink", "card_full"
]
SAID: Mapping[FaultName, str] = MappingProxyType(
    {
        "clock": "Clock wrong by so many seconds",
        "drift": "Sensor drifts by so much a day",
        "stuck": "Sensor stuck at what it says, or at a value",
        "spike": "Now and then a value so much too high or low",
        "dropout": "Now and then no value",
        "sentinel": "Now and then the chip’s own error value",
        "brown_out": "Supply fails for a part of the time: it starts anew each time",
        "uplink": "Network gone for a part of the time",
        "card_full": "Card full: nothing new is kept",
    }
)
"""What each fault does, in words."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class NewFault(BaseModel):
    """A fault to switch on: of devices by name, or of ``count`` devices of a kind."""

    model_config = ConfigDict(extra="forbid")

    fault: FaultName
    devices: list[Name] = Field(default_factory=list, max_length=200)
    kind: Literal["", "frog", "road", "weather", "gritter", "lorry", "bin"] = ""
    count: Integer = Field(default=0, ge=0, le=100_000)
    field: str = Field(default="", max_length=41, pattern=r"^[a-z0-9_]*$", description="Empty: all fields")
    value: Number | None = Field(default=None, ge=-1e6, le=1e6, allow_inf_nan=False)
    share: Number = Field(default=1.0, ge=0.0, le=1.0, description="Of readings, or of the time")
    spell_s: Number = Field(default=600.0, ge=10.0, le=86_400.0, description="How long a spell is")
    hours: Number = Field(default=24.0, gt=0.0, le=1000.0, description="Of simulated time")

    def document(self) -> dict[str, Any]:
        """Return it as the simulator reads it (``firmware_sim.world.script.Fault``)."""
        said = self.model_dump(exclude={"share", "hours"})
        return {**said, "probability": self.share, "from_hour": 0.0, "to_hour": self.hours}


@dataclass(frozen=True, slots=True)
class Lab:
    """How the laboratory stands. ``town`` is what the simulated town said last; None: none plays."""

    town: Row | None
    faults: list[Row]


class NoFaultError(LookupError):
    """There is no such fault, or it has ended."""


async def lab(db: Db, now: datetime) -> Lab:
    """Return the town that plays and its faults: those that hold first, then the newest."""
    town = await db.row("lab_town")
    if town is not None and now - town["seen_at"] > FRESH:
        town = None
    return Lab(town, await db.rows("lab_faults", limit=SHOWN))


async def strike(db: Db, fault: NewFault, by: str) -> int:
    """Switch a fault on; return its number. The town begins it within a second or two, or says why not."""
    async with db.transaction() as transaction:
        row = await transaction.row("lab_strike", fault=json.dumps(fault.document()), by=by)
    assert row is not None, "an insert returns its row"
    return int(row["fault_id"])


async def end(db: Db, fault_id: int, by: str) -> None:
    """Switch a fault off; NoFaultError where there is none that holds."""
    async with db.transaction() as transaction:
        if await transaction.row("lab_end", fault_id=fault_id, by=by) is None:
            raise NoFaultError(f"There is no fault {fault_id} that is switched on.")


async def end_all(db: Db, by: str) -> int:
    """Switch all faults off; return how many held: what the town refused never began, and is only put away."""
    async with db.transaction() as transaction:
        return sum(not row["problem"] for row in await transaction.rows("lab_end_all", by=by))

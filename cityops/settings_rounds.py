"""What an installation sets of the bin lorries' rounds."""

from __future__ import annotations

from datetime import time

from pydantic import BaseModel, ConfigDict, Field


class RoundsSettings(BaseModel):
    """The rounds of bin lorries."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    automatic: bool = True
    """Whether the day's rounds are planned without anybody asking, once lorries are written down (`cityops bins lorries`)."""
    plan_at: time = time(5, 15)
    """When, in the town's time: late enough to know the night, early enough for the first lorry."""
    until: time = time(12, 0)
    """After it no day's first plan is made without anybody asking: an outage in the morning brings no lorry out at night."""
    iterations: int = Field(default=3000, ge=0, le=1_000_000)
    """Of the search, half a minute of a core for 600 bins; 0: only insertion."""
    look_every_s: float = Field(default=5.0, gt=0.0, le=60.0)
    """How often somebody looks whether it is time [s]."""
    replan: bool = True
    """Whether the rest of a day is planned anew without anybody asking: a bin overflows that is in no round, a lorry goes out of
    service or comes back, one is far behind, or a road that one is to drive is closed or open again."""
    replan_behind_min: int = Field(default=30, ge=1, le=24 * 60)
    """A lorry that will be back so many minutes later than planned is far behind."""
    replan_apart_min: int = Field(default=20, ge=1, le=24 * 60)
    """At least so many minutes, in the town's time, are between one plan of a day and the next that nobody asked for."""
    replan_iterations: int = Field(default=1500, ge=0, le=1_000_000)
    """Of the search for such a plan: a part of the day is left, and crews wait for it."""

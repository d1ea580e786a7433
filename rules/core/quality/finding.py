"""What a rule of data quality says of a device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rules.core.effects import Json


@dataclass(frozen=True, slots=True)
class Finding:
    """A device needs a look: what for, why, what was seen, and when it must be done [s since 1970]."""

    what: str
    reason: str
    inputs: Json
    due_s: float | None = None


Verdict = Finding | Literal["fine", "unsure"]
"""``unsure`` changes nothing: neither opens a work item nor says that its cause is gone."""

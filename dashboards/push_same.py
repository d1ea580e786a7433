"""Whether what Grafana has is what we want: it adds fields of its own, and hides secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "[REDACTED]"
"""What Grafana tells instead of a secret of a contact point; any secret is taken to be ours."""
NOT_CONTENT = frozenset({"id", "version"})
"""Given by Grafana to every board."""
_DURATION = re.compile(r"(\d+)(h|m|s)")
_SECONDS = {"h": 3600, "m": 60, "s": 1}


def same(ours: Any, theirs: Any) -> bool:
    """Whether everything that we want is there as we want it; what Grafana added does not count."""
    if isinstance(ours, Mapping):
        if not isinstance(theirs, Mapping):
            return False
        return all(key in theirs and _same_field(key, value, theirs[key]) for key, value in ours.items())
    if isinstance(ours, list):
        longer = isinstance(theirs, list) and len(ours) == len(theirs)
        return longer and all(same(a, b) for a, b in zip(ours, theirs, strict=True))
    return bool(ours == theirs) or theirs == HIDDEN


def _same_field(key: str, ours: Any, theirs: Any) -> bool:
    if key in {"for", "keep_firing_for"} and isinstance(ours, str) and isinstance(theirs, str):
        return _seconds(ours) == _seconds(theirs)
    return same(ours, theirs)


def _seconds(text: str) -> int:
    """Return a duration in seconds: Grafana may answer ``5m0s`` where ``5m`` was sent."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))

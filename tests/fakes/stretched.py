"""Promises of a time, kept on a machine that has other work too."""

from __future__ import annotations

import os


def stretched_s(seconds: float) -> float:
    """Return ``seconds`` of a quiet machine, by as much longer as this one has more work than cores."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))

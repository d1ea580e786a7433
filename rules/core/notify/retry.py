"""How often and until when a message is tried."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Delays double from ``first_s`` up to ``cap_s``; a message is worth sending for ``life_s`` [s].

    Attributes:
        most: attempts, where there is another channel to fall back on.
    """

    first_s: float
    cap_s: float
    life_s: float
    most: int


PACES = {
    "critical": Pace(first_s=5.0, cap_s=60.0, life_s=2 * 3600.0, most=3),
    "major": Pace(first_s=10.0, cap_s=300.0, life_s=4 * 3600.0, most=4),
    "warning": Pace(first_s=30.0, cap_s=600.0, life_s=12 * 3600.0, most=6),
    "info": Pace(first_s=60.0, cap_s=1800.0, life_s=24 * 3600.0, most=6),
}
"""By severity: a late critical message is worth nothing, and another channel is tried soon."""


def expires_s(severity: str, not_before_s: float) -> float:
    """Return until when a message is worth sending [s since 1970]."""
    return not_before_s + PACES[severity].life_s


def next_attempt_s(
    severity: str,
    attempt: int,
    now_s: float,
    until_s: float,
    *,
    draw: float,
    retry_after_s: float | None = None,
    has_fallback: bool = False,
) -> float | None:
    """Return when to try again after ``attempt`` attempts (1 is the first); None: give up.

    Args:
        severity: chooses the pace.
        attempt: the one that failed.
        now_s: when it failed [s since 1970].
        draw: uniform in [0, 1): the delay is between half and all of the doubled one.
        until_s: when the message expires.
        retry_after_s: what the channel asked for; waited for at least.
        has_fallback: with another channel to try, one that fails is not waited for long.
    """
    pace = PACES[severity]
    if has_fallback and attempt >= pace.most:
        return None
    ceiling_s = min(pace.cap_s, pace.first_s * 2.0 ** min(attempt - 1, 32))
    at_s = now_s + max(ceiling_s * (0.5 + draw / 2), 0.0 if retry_after_s is None else retry_after_s)
    return at_s if at_s < until_s else None

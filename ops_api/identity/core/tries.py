"""How long to wait after wrong passwords, so that neither guessing nor locking others out works. Pure: times are arguments.

Three counts: of an account from one network (long waits), of an account as a whole (short ones, against many networks that
guess together) and of a browser that has signed in to the account before. Such a browser is bound by its own count alone, so that
whatever others type, it waits for nothing (tests/property/test_tries_lock_nobody_out.py). Passkeys and the provider are bound by none.
A try is counted before it is looked at and taken back where it was right: many at once gain nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Of = Literal["network", "browser", "account", "codes"]
FREE: dict[Of, int] = {"network": 5, "browser": 5, "account": 50, "codes": 10}
"""So many wrong ones in a row cost no wait."""
LONGEST_S: dict[Of, float] = {"network": 900.0, "browser": 900.0, "account": 60.0, "codes": 900.0}
FIRST_S = 2.0
FORGOTTEN = timedelta(hours=1)
"""Wrong tries are forgotten when none came for so long."""


@dataclass(frozen=True, slots=True)
class Count:
    """Wrong tries in a row, when the last was, and until when the next is not looked at."""

    wrong: int
    last_at: datetime
    until: datetime


def bound_by(*, known_browser: bool, whole: Of = "account") -> tuple[Of, ...]:
    """Return which counts bind a try; ``whole``: that of the account as a whole, ``account`` or ``codes``.

    Who gets as far as codes has the password, and six digits are soon guessed: there the account as a whole waits longer.
    """
    return ("browser",) if known_browser else ("network", whole)


def wait_s(count: Count | None, now: datetime) -> float:
    """Return how long a try has to wait [s]; 0.0: not at all."""
    return 0.0 if count is None else max(0.0, (count.until - now).total_seconds())


def tried(before: Count | None, now: datetime, of: Of) -> Count:
    """Return the count with one more try, which counts as wrong until it is known to be right."""
    faded = before is None or now - max(before.last_at, before.until) >= FORGOTTEN
    wrong = 1 if before is None or faded else before.wrong + 1
    # A power beyond a thousand would overflow; the longest wait is reached long before.
    wait = 0.0 if wrong < FREE[of] else min(LONGEST_S[of], FIRST_S * 2.0 ** min(wrong - FREE[of], 30))
    return Count(wrong, now, now + timedelta(seconds=wait))


def right(before: Count, now: datetime, of: Of) -> Count | None:
    """Return the count after the try it counted was right: none of the network's or browser's own is left, one less of the account's."""
    if of in ("network", "browser") or before.wrong <= 1:
        return None
    return Count(before.wrong - 1, before.last_at, min(before.until, now))

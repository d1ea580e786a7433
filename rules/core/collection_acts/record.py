"""One thing that a crew or a resident said. Times in s since 1970."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

What = Literal[
    "collected", "blocked", "contaminated", "not_out", "full", "overflowing", "damaged", "withdrawn", "missed"
]
CODES: Mapping[What, int] = {what: n for n, what in enumerate(get_args(What), start=1)}
"""Number of each in tables and in the engine's rows."""
WHAT: Mapping[int, What] = {n: what for what, n in CODES.items()}
HOUSEHOLD: What = "missed"
"""Of households only; what crews say may be of either."""
BIN, PREMISES = "bin:", "uprn:"
TEXT_MOST, NAME_MOST = 500, 100
REF = re.compile(r"bin:\S{1,100}|uprn:[1-9][0-9]{0,11}")
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
"""Of references: nothing that is taken for something else, and no words."""


class NewAct(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written down; number and link come when it is.

    Attributes:
        ref: ``bin:<bin_id>`` or ``uprn:<number>``.
        at_s: when it happened, in the town's time.
        by, role: who, and as what: ``resident``, ``crew``, ``officer``.
        via: ``page``, ``api``, ``cli``, ``crew page``.
        seen: what was known then; a crew's photo as its hash, a missed collection with its outcome.
        lorry, plan_version: of a crew.
        withdraws: the act that is taken back; of ``withdrawn`` alone.
        request_id: sent again with the same one, nothing is written.
        reference: what a resident looks it up by; None: it has none.
    """

    ref: str
    what: What
    at_s: float
    by: str
    role: str
    via: str
    reason: str = ""
    seen: Mapping[str, Any] = {}
    lorry: str | None = None
    plan_version: int | None = None
    withdraws: int | None = None
    request_id: str | None = None
    reference: str | None = None


class Act(NewAct, frozen=True, kw_only=True):
    """One that is written down; never changed, never taken away.

    Attributes:
        act_id: numbers without gaps, in the order of the chain.
        link: hash over the act before it and this one.
        recorded_s: when it was written, by the database's clock.
    """

    act_id: int
    link: str = ""
    recorded_s: float = 0.0


def wrong(new: NewAct) -> str | None:
    """Return why an act can't be written, in words; None: it can."""
    if REF.fullmatch(new.ref) is None:
        return f"{new.ref!r} is neither bin:<id> nor uprn:<number>"
    if (new.what == HOUSEHOLD) and not new.ref.startswith(PREMISES):
        return "only a household's collection can be missed"
    if (new.what == "withdrawn") != (new.withdraws is not None):
        return "what is withdrawn names the act, and nothing else does"
    if not new.by.strip() or len(new.by) > NAME_MOST or len(new.reason) > TEXT_MOST:
        return f"say who, in at most {NAME_MOST} characters, and why in at most {TEXT_MOST}"
    return None


def same(new: NewAct, known: NewAct) -> bool:
    """Whether two ask for the same, so that a repeated request is one and no other."""
    return all(getattr(new, f) == getattr(known, f) for f in ("ref", "what", "withdraws", "role"))


def reaches_engine(new: NewAct) -> bool:
    """Whether the engine is told: it knows bins, and no households."""
    return new.ref.startswith(BIN)


def reference_of(numbers: bytes) -> str:
    """Return a reference such as ``B7KM-2XQ9`` from 8 random bytes: 28 letters and digits, 38 bits."""
    text = "".join(ALPHABET[n % len(ALPHABET)] for n in numbers[:8])
    return f"{text[:4]}-{text[4:]}"


def reference_typed(text: str) -> str:
    """Return a reference as it is stored, of what somebody typed: case, blanks and hyphens do not matter."""
    plain = "".join(c for c in text.upper() if c.isalnum())[:8]
    return f"{plain[:4]}-{plain[4:]}"

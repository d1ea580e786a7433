"""An explanation, ready to be shown. All values are texts, with their units beside them."""

from __future__ import annotations

import msgspec


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An input: what was read, when, by which device, how good."""

    name: str
    value: str
    unit: str = ""
    at: str | None = None
    device: str | None = None
    quality: str = "good"


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A threshold and where it comes from; ``set_by``, ``until``: of an override."""

    name: str
    value: str
    source: str
    set_by: str | None = None
    until: str | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a stranger needs to follow an alarm or a decision.

    Attributes:
        headline: what it is.
        first_line: the numbers that matter, in at most 120 characters.
        why: the reasons, a sentence each.
        members: of a group, the worst of those in it, a sentence each, and how many more there are.
        since: since when the condition holds.
        would_change: what would have made it otherwise, a sentence each.
        caveats: late or missing readings, repaired clocks, what would differ now.
    """

    headline: str
    first_line: str
    why: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    inputs: tuple[Shown, ...] = ()
    limits: tuple[Limit, ...] = ()
    since: str | None = None
    would_change: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()

"""The time it is in the town. Pure; seconds since 1970, in UTC."""

from __future__ import annotations

RULES_FRESH_S = 60.0
CATCHING_UP_S = 600.0


def town_now_s(wall_s: float, event_s: float | None, moved_s: float | None) -> float:
    """Return the wall clock's time, or the town's where that is behind.

    While an accelerated simulation or a replay is behind by ten minutes or more and the rules
    are at work, it is the latest reading's time, so that what is timed for people (escalation,
    shelving) keeps the pace of what they see.

    Args:
        wall_s: the wall clock.
        event_s: the latest reading's time that the rules have seen; None where there is none.
        moved_s: when the rules last moved, by the wall clock; None where they never did.
    """
    if event_s is None or moved_s is None:
        return wall_s
    if wall_s - moved_s > RULES_FRESH_S or wall_s - event_s < CATCHING_UP_S:
        return wall_s
    return event_s

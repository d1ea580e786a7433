"""Who is on call."""

from __future__ import annotations

from collections.abc import Iterable

from rules.core.notify.model import Shift


def on_call(shifts: Iterable[Shift], role: str, now_s: float) -> tuple[str, ...]:
    """Return who is on call for ``role`` at ``now_s`` [s since 1970], the longest on duty first.

    A shift holds from its beginning until before its end, so a hand-over has one person.
    """
    mine = [s for s in shifts if s.role == role and s.from_s <= now_s < s.to_s]
    return tuple(dict.fromkeys(s.person for s in sorted(mine, key=lambda s: (s.from_s, s.person))))

"""What an address asks of the wall: colours, layers, panels, a part of the map. Pure.

A wall has no mouse: all of it is in the address that its browser starts with. What is not known is left out, so that
a typing error shows the usual wall and not an error for a week.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LAYERS = ("homes", "roads", "closures", "bins", "weather", "lorries", "alarms")
"""From below to above."""
PANELS = ("map", "alarms", "changes", "data", "devices", "flow")
USUAL_PANELS = ("map", "alarms", "changes")
THEMES = ("dark", "light", "auto")
STALE_S, STALE_LEAST_S, STALE_MOST_S = 45, 20, 3600
"""After how long without a word the wall says so [s]; the server speaks every 15 s."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a wall shows.

    Attributes:
        theme: ``dark``, ``light``, or ``auto``: as the browser prefers.
        chosen: whether the address says so; it is kept then.
        layers, panels: those shown, in our order.
        box: west, south, east, north of the part of the map [degrees]; None: all of it.
        stale_s: after how long without a word the banner comes [s].
    """

    theme: str = "auto"
    chosen: bool = False
    layers: tuple[str, ...] = LAYERS
    panels: tuple[str, ...] = USUAL_PANELS
    box: Box | None = None
    stale_s: int = STALE_S


def read(query: Mapping[str, str], kept: str = "") -> Asked:
    """Return what is asked for.

    Args:
        query: ``light``, ``dark`` or ``auto`` (by themselves or as ``theme``), ``layers``, ``panels``, ``box``, ``stale``.
        kept: the colours that this browser was last given.
    """
    chosen = next((t for t in THEMES if t in query or query.get("theme") == t), None)
    return Asked(
        theme=chosen or (kept if kept in THEMES else "auto"),
        chosen=chosen is not None,
        layers=_some(query.get("layers"), LAYERS, LAYERS),
        panels=_some(query.get("panels"), PANELS, USUAL_PANELS),
        box=_box(query.get("box", "")),
        stale_s=_stale(query.get("stale", "")),
    )


def _some(text: str | None, known: Sequence[str], usual: tuple[str, ...]) -> tuple[str, ...]:
    wanted = {t.strip() for t in (text or "").split(",")}
    return tuple(k for k in known if k in wanted) or usual


def _box(text: str) -> Box | None:
    try:
        west, south, east, north = (float(x) for x in text.split(","))
    except ValueError:
        return None
    inside = -180 <= west < east <= 180 and -90 <= south < north <= 90
    return (west, south, east, north) if inside else None


def _stale(text: str) -> int:
    return min(max(int(text), STALE_LEAST_S), STALE_MOST_S) if text.isascii() and text.isdigit() else STALE_S

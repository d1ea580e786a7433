"""In which ward a place is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def ward_at(
    latitude_deg: float, longitude_deg: float, boundaries: Mapping[str, Sequence[Sequence[float]]]
) -> str | None:
    """Return the ward whose outline is around a place, the first by name; None: it is in none that is known.

    Args:
        latitude_deg: of the place [°].
        longitude_deg: of the place [°].
        boundaries: of each ward its outline as (longitude, latitude) [°], as GeoJSON has it; empty: not known.
    """
    return next(
        (
            ward
            for ward, outline in sorted(boundaries.items())
            if _inside(longitude_deg, latitude_deg, outline)
        ),
        None,
    )


def _inside(x: float, y: float, outline: Sequence[Sequence[float]]) -> bool:
    """Whether a ray to the east crosses the outline an odd number of times (even-odd rule)."""
    inside = False
    for (x1, y1), (x2, y2) in zip(outline, [*outline[1:], *outline[:1]], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside

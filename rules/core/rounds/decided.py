"""From a decision of ``bins.round`` and the registry to candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from devices.registry import BinSite, Registry
from rules.core.rounds.model import Candidate, Place
from rules.core.rounds.settings import RoundSettings

SERVICE_S = 60
"""What emptying takes at a bin of which nobody says more [s]."""


def candidates_of(
    rows: Sequence[Mapping[str, Any]], registry: Registry, settings: RoundSettings
) -> tuple[list[Candidate], list[str]]:
    """Return the candidates of a decision, and the ids of those whose bin is not installed any more.

    Args:
        rows: of ``result.candidates``: bin_id, must, code, why, p_overflow, litres; what is missing is told as unknown.
        registry: where bins stand, their stream and capacity.
        settings: what a litre weighs.
    """
    sites = {b.bin_id: b for b in registry.bins}
    found = [_candidate(row, sites[row["bin_id"]], settings) for row in rows if row["bin_id"] in sites]
    return found, [str(row["bin_id"]) for row in rows if row["bin_id"] not in sites]


def _candidate(row: Mapping[str, Any], site: BinSite, settings: RoundSettings) -> Candidate:
    must = bool(row["must"])
    litres = row.get("litres")
    # Of a bin that nobody knows the level of, all that it holds may be in it.
    content = site.capacity_l if litres is None else max(0.0, float(litres))
    risk = row.get("p_overflow")
    known = (1.0 if must else 0.0) if risk is None else float(risk)
    return Candidate(
        bin_id=site.bin_id,
        place=Place(site.latitude_deg, site.longitude_deg),
        stream=site.stream,
        litres=content,
        mass_kg=content * settings.density(site.stream),
        must=must,
        code=str(row.get("code") or ("must" if must else "may")),
        why=str(row.get("why") or ""),
        p_overflow=min(1.0, max(0.0, known)),
        service_s=round(float(getattr(site, "service_s", SERVICE_S))),
    )

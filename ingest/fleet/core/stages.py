"""Stages and limits as people write them: ``1%,10%,100%``, ``5,50%,100%:24h``, ``5%``. Pure."""

from __future__ import annotations

import re

from ingest.fleet.core.rollout import Stage

MAX_STAGES = 20
_PART = re.compile(r"^(?P<number>\d+(?:\.\d+)?)(?P<percent>%?)(?::(?P<soak>\d+(?:\.\d+)?)(?P<unit>[smhd]))?$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_stages(text: str, soak_s: float = 3600.0) -> tuple[Stage, ...]:
    """Return the stages in ``text``.

    Args:
        text: shares or counts of devices, rising, the last one ``100%``; each may say how long to wait after it.
        soak_s: the wait of those that do not say [s].

    Raises:
        ValueError: naming what is wrong and what is allowed.
    """
    stages = tuple(_stage(part.strip(), soak_s) for part in text.split(","))
    shares = [stage.share for stage in stages if stage.share is not None]
    counts = [stage.count for stage in stages if stage.count is not None]
    if shares != sorted(set(shares)) or counts != sorted(set(counts)):
        raise ValueError(f"stages {text!r}: each must be more than the one before")
    if stages[-1].share != 1.0:
        raise ValueError(f"stages {text!r}: the last one is 100%")
    if len(stages) > MAX_STAGES:
        raise ValueError(f"stages {text!r}: at most {MAX_STAGES}")
    return stages


def parse_share(text: str) -> float:
    """Return ``5%`` as 0.05; ValueError for what is no share."""
    found = re.match(r"^(\d+(?:\.\d+)?)%$", text.strip())
    if found is None or not 0 < float(found[1]) <= 100:
        raise ValueError(f"{text!r}: a share like 5%, above 0 and at most 100%")
    return float(found[1]) / 100


def words(stage: Stage) -> str:
    """Return a stage as people write it."""
    return f"{stage.count} devices" if stage.count is not None else f"{(stage.share or 0.0) * 100:g} %"


def _stage(part: str, soak_s: float) -> Stage:
    found = _PART.match(part)
    if found is None:
        raise ValueError(
            f"stage {part!r}: a share like 10%, or a count of devices, and a wait like 10%:24h (s, m, h, d)"
        )
    wait_s = float(found["soak"]) * _SECONDS[found["unit"]] if found["soak"] else soak_s
    if found["percent"]:
        share = float(found["number"]) / 100
        if not 0 < share <= 1:
            raise ValueError(f"stage {part!r}: above 0 and at most 100%")
        return Stage(share=share, soak_s=wait_s)
    if "." in found["number"] or int(found["number"]) < 1:
        raise ValueError(f"stage {part!r}: a count of devices is a whole number, 1 or more")
    return Stage(count=int(found["number"]), soak_s=wait_s)

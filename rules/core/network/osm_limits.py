"""What OpenStreetMap's tags allow a lorry on a road: its weight, height and width, and whether it is one at all.

A gritter is a heavy goods vehicle, which is one of more than 3.5 t: ``hgv=no`` is a limit of 3.5 t, so that the road
stays in the network for a lighter lorry and for what is measured and forecast on it. Of several limits the lowest
counts, whichever direction it is for. Sources: the pages Key:hgv, Key:maxweight, Key:maxweightrating, Key:maxheight
and Conditional restrictions of the OSM wiki.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rules.core.network.osm_values import metres, texts, tonnes

HGV_T = 3.5
"""A goods vehicle that weighs more is a heavy one [t]."""

SOME = ("maxw", "maxh", "maxg", "maxa", "maxb", "maxl", "hgv")
"""How keys of limits begin: most roads have none."""
HGV_NO = {"no", "private", "agricultural", "forestry", "emergency"}
FOR = ("", ":hgv", ":forward", ":backward", ":hgv:forward", ":hgv:backward")
HGV = ("hgv", "hgv:forward", "hgv:backward")
WEIGHTS = ("maxweight", "maxweightrating", "maxgcweight", "maxgcweightrating")
HEIGHTS = ("maxheight", "maxheight:physical")
WIDTHS = ("maxwidth", "maxwidth:physical")
NO_LIMIT = {"none", "no", "default", "unsigned", "no_sign", "no_indications"}
"""Values by which mappers say that nothing is signed."""
NOT_READ = ("maxaxleload", "maxbogieweight", "maxlength")
"""Limits that a lorry's weight and size are not enough to judge."""


def _with_whom(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{key}{more}" for key in keys for more in FOR)


WEIGHT_KEYS, HEIGHT_KEYS, WIDTH_KEYS = _with_whom(WEIGHTS), _with_whom(HEIGHTS), _with_whom(WIDTHS)
ALL_KEYS = frozenset((*WEIGHT_KEYS, *HEIGHT_KEYS, *WIDTH_KEYS, *HGV, *NOT_READ))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a lorry may weigh [t] and measure [m] there; None is not said."""

    weight_t: float | None = None
    height_m: float | None = None
    width_m: float | None = None


def limits_of(tags: Mapping[str, object]) -> Limits:
    """Return the limits for a lorry that tags of a way or of a barrier say."""
    weight_t = _least(tags, WEIGHT_KEYS, tonnes)
    if hgv_closed(tags):
        weight_t = HGV_T if weight_t is None else min(weight_t, HGV_T)
    return Limits(weight_t, _least(tags, HEIGHT_KEYS, metres), _least(tags, WIDTH_KEYS, metres))


def hgv_closed(tags: Mapping[str, object]) -> bool:
    """Tell whether heavy goods vehicles are kept out, in a direction at least; ``destination`` does not."""
    return any(value in HGV_NO for key in HGV if key in tags for value in texts(tags, key))


def said(tags: Mapping[str, object]) -> list[str]:
    """Return which limits for lorries tags say, kept or not, in words to count them by."""
    if not any(key.startswith(SOME) for key in tags):
        return []
    found = limits_of({k: v for k, v in tags.items() if k not in HGV})
    kept = {
        "closed to heavy goods vehicles (hgv), taken for a limit of 3.5 t": hgv_closed(tags),
        "a limit of weight": found.weight_t is not None,
        "a limit of height": found.height_m is not None,
        "a limit of width": found.width_m is not None,
    }
    return [*(what for what, is_said in kept.items() if is_said), *(f"not kept: {w}" for w in unread(tags))]


def unread(tags: Mapping[str, object]) -> list[str]:
    """Return in words the limits of tags that can't be kept: for a time or for some, of another kind, or odd."""
    found = [f"{key}, for a time or for some only" for key in tags if key.removesuffix(":conditional") in ALL_KEYS
             and key.endswith(":conditional")]  # fmt: skip
    found += [f"{key} is not read" for key in NOT_READ if texts(tags, key)]
    for keys, of in ((WEIGHT_KEYS, tonnes), (HEIGHT_KEYS, metres), (WIDTH_KEYS, metres)):
        found += [
            f"{key} {value!r} is no number with a unit"
            for key, value in _said(tags, keys)
            if of(value) is None
        ]
    return found


def _said(tags: Mapping[str, object], keys: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(key, v) for key in keys if key in tags for v in texts(tags, key) if v not in NO_LIMIT]


def _least(
    tags: Mapping[str, object], keys: tuple[str, ...], of: Callable[[str], float | None]
) -> float | None:
    return min((v for _, text in _said(tags, keys) if (v := of(text)) is not None), default=None)

"""Which lorries drive through what would be closed while it would be, by the plan that counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.core.closing.hours import Driven
from rules.core.closing_effects.document import Affected
from rules.core.network.network import Network


@dataclass(frozen=True, slots=True)
class Shut:
    """Stretches that would be closed, and from when until when [s since 1970]."""

    segments: frozenset[str]
    from_s: float
    until_s: float


def affected(
    network: Network, shut: Shut, lorries: Iterable[tuple[str, Sequence[Driven]]]
) -> Iterable[Affected]:
    """Yield the lorries that would be there, each with the streets and when first.

    Args:
        network: the roads.
        shut: what would be closed.
        lorries: what each drives.
    """
    index = network.graph.segment_index
    for lorry, driven in lorries:
        hit = [d for d in driven if d[0] in shut.segments and d[2] > shut.from_s and d[1] < shut.until_s]
        if hit:
            names = (network.segments[index[name]].street or name for name, _, _ in hit)
            yield Affected(lorry=lorry, streets=tuple(dict.fromkeys(names)), at_s=hit[0][1])

"""English-sounding street names, each used once."""

from __future__ import annotations

import numpy as np

from firmware_sim.world.main_roads import Hierarchy
from firmware_sim.world.street_graph import StreetGraph

PLACES = (
    "Northwick", "Oakhanger", "Ferrisham", "Castle Marling", "Great Tilbrook", "Harlow Green", "Sutton Vale",
    "Wychford", "Long Barrow", "Stanmere", "Eastcombe", "Holloway", "Pinfold", "Copley", "Marsh End", "Thorley Cross",
)  # fmt: skip
STEMS = (
    "Alder", "Almond", "Ash", "Aspen", "Barley", "Beech", "Bell", "Birch", "Bishop's", "Blackthorn", "Bluebell",
    "Bramble", "Brewery", "Bridle", "Briar", "Brook", "Broom", "Campion", "Canal", "Cedar", "Chapel", "Cherry",
    "Chestnut", "Church", "Clover", "Cobbler's", "College", "Cooper's", "Coppice", "Cornmill", "Cowslip", "Cromwell",
    "Curlew", "Cypress", "Damson", "Dove", "Elder", "Elm", "Falcon", "Farrier's", "Fern", "Field", "Finch", "Forge",
    "Foundry", "Foxglove", "Friar's", "Garden", "George", "Glebe", "Gorse", "Grange", "Granary", "Hawthorn", "Hazel",
    "Heather", "Heron", "Holly", "Hop", "Hornbeam", "Ivy", "Jasmine", "Jubilee", "Juniper", "Kestrel", "Kiln",
    "King's", "Kingfisher", "Laburnum", "Lapwing", "Larch", "Lark", "Laurel", "Lavender", "Lilac", "Lime", "Linden",
    "Lock", "Magnolia", "Mallow", "Manor", "Maple", "Market", "Mason's", "Meadow", "Mercer's", "Mill", "Miller's",
    "Mulberry", "Myrtle", "Nelson", "Nightingale", "Nursery", "Oak", "Orchard", "Osier", "Paddock", "Park", "Pear Tree",
    "Plough", "Poplar", "Potter's", "Priory", "Primrose", "Quarry", "Queen's", "Rectory", "Robin", "Rose", "Rowan",
    "Rush", "Saddler's", "School", "Shepherd's", "Silver", "Skylark", "Sorrel", "Spinney", "Spring", "Stable", "Station",
    "Swallow", "Swan", "Sycamore", "Tanner's", "Teasel", "Thatcher's", "Thistle", "Tithe Barn", "Trinity", "Union",
    "Vicarage", "Victoria", "Vine", "Walnut", "Water", "Weaver's", "Wellington", "Wharf", "Wheelwright's", "Willow",
    "Windmill", "Woodland", "Wren", "Yarrow", "Yew Tree",
)  # fmt: skip
KINDS = (
    "Street",
    "Road",
    "Lane",
    "Avenue",
    "Way",
    "Drive",
    "Walk",
    "Row",
    "Grove",
    "Gardens",
    "Rise",
    "Terrace",
    "Crescent",
)
DEAD_END_KINDS = ("Close", "Court", "Mews", "Place", "Croft", "End")
CENTRAL = (
    "Market Square",
    "High Street",
    "Cheap Street",
    "Guildhall Street",
    "Corn Exchange",
    "Butter Cross",
    "Old Shambles",
)
RING = {
    "ring east": "Eastern Ring Road", "ring north": "Northern Ring Road",
    "ring west": "Western Ring Road", "ring south": "Southern Ring Road",
}  # fmt: skip
MAX_TURN_COSINE = 0.75
MAX_EDGES_IN_STREET = 6


def name_streets(rng: np.random.Generator, graph: StreetGraph, hierarchy: Hierarchy) -> list[str]:
    """Return the street name of each edge: a name belongs to one street only."""
    names = [""] * len(graph.edges)
    places = iter(rng.permutation(PLACES).tolist())
    for kind, edges in hierarchy.named:
        name = RING.get(kind) or f"{next(places)} Road"
        for e in edges:
            names[e] = name
    _Namer(rng, graph, names).fill()
    return names


class _Namer:
    def __init__(self, rng: np.random.Generator, graph: StreetGraph, names: list[str]) -> None:
        self.names = names
        self.points = graph.points
        self.edges: list[list[int]] = graph.edges.tolist()
        self.at: list[list[int]] = [[] for _ in graph.points]
        for e, (a, b) in enumerate(self.edges):
            self.at[a].append(e)
            self.at[b].append(e)
        ordinary = [f"{s} {k}" for s in STEMS for k in KINDS]
        closes = [f"{s} {k}" for s in STEMS for k in DEAD_END_KINDS]
        self.ordinary = iter([*rng.permutation(ordinary).tolist(), *(f"{i} Street" for i in _ordinals())])
        self.closes = iter([*rng.permutation(closes).tolist(), *(f"{i} Close" for i in _ordinals())])
        self.central = iter(CENTRAL)

    def fill(self) -> None:
        """Name what has no name yet, nearest to the centre first."""
        middle = self.points[np.array(self.edges)].mean(axis=1)
        for e in np.argsort(np.hypot(middle[:, 0], middle[:, 1]), kind="stable").tolist():
            if not self.names[e]:
                street = self._street(e)
                name = self._name(street)
                for member in street:
                    self.names[member] = name

    def _street(self, seed_edge: int) -> list[int]:
        street = [seed_edge]
        for end in self.edges[seed_edge]:
            edge, node = seed_edge, end
            while len(street) < MAX_EDGES_IN_STREET:
                following = self._straight_on(edge, node, street)
                if following is None:
                    break
                street.append(following)
                a, b = self.edges[following]
                edge, node = following, b if a == node else a
        return street

    def _straight_on(self, edge: int, node: int, street: list[int]) -> int | None:
        before = self._direction(edge, node, towards=True)
        best, best_cosine = None, MAX_TURN_COSINE
        for e in self.at[node]:
            if e in street or self.names[e]:
                continue
            cosine = float(before @ self._direction(e, node, towards=False))
            if cosine > best_cosine:
                best, best_cosine = e, cosine
        return best

    def _direction(
        self, edge: int, node: int, *, towards: bool
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        a, b = self.edges[edge]
        other = b if a == node else a
        vector = self.points[node] - self.points[other]
        unit = vector / max(float(np.hypot(*vector)), 1.0)
        return np.asarray(unit if towards else -unit)

    def _name(self, street: list[int]) -> str:
        central: str | None = next(self.central, None)
        if central is not None:
            return central
        dead_end = len(street) == 1 and any(len(self.at[n]) == 1 for n in self.edges[street[0]])
        return str(next(self.closes if dead_end else self.ordinary))


def _ordinals() -> list[str]:
    """Names for very large towns: the named stock is some 2,800."""
    return [f"Northfield {i}" for i in range(1, 20_000)]

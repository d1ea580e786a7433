"""A street network with what has to be treated on it, as it is in the world or in a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """A piece of street between two junctions.

    Attributes:
        tail, head: junctions, numbered from 0.
        cost: of driving along it, treating or not; a whole number >= 0 of any unit.
        demand: what treating it takes from the load; 0 = need not be treated.
        one_way: may be driven and treated from tail to head only.
    """

    tail: int
    head: int
    cost: int
    demand: int = 0
    one_way: bool = False


@dataclass(frozen=True)
class Instance:
    """A capacitated arc routing problem on a graph.

    Attributes:
        name: for people.
        nodes: number of junctions.
        links: the network; parallel ones are allowed, each with its own demand.
        capacity: load of a vehicle, in the unit of the demands.
        fleet: vehicles aimed at; a plan may use more where that is cheaper.
        depots: junctions where routes start and end, each at one of them.
        bounds: lower bound and best known cost, where the source tells them.

    Raises:
        ValueError: something that can't be routed, in words.
    """

    name: str
    nodes: int
    links: tuple[Link, ...]
    capacity: int
    fleet: int
    depots: tuple[int, ...] = (0,)
    bounds: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not self.depots:
            raise ValueError(f"{self.name}: no depot; at least one is needed")
        for depot in self.depots:
            if not 0 <= depot < self.nodes:
                raise ValueError(f"{self.name}: depot {depot} is no junction; allowed: 0 to {self.nodes - 1}")
        for number, link in enumerate(self.links):
            self._check(f"{self.name}: link {number} ({link.tail} to {link.head})", link)

    def _check(self, where: str, link: Link) -> None:
        if not (0 <= link.tail < self.nodes and 0 <= link.head < self.nodes):
            raise ValueError(f"{where}: junctions must be 0 to {self.nodes - 1}")
        if link.cost < 0:
            raise ValueError(f"{where}: cost {link.cost}; allowed: 0 or more")
        if not 0 <= link.demand <= self.capacity:
            raise ValueError(f"{where}: demand {link.demand}; allowed: 0 to the capacity {self.capacity}")

    @property
    def required(self) -> tuple[int, ...]:
        """Indices of the links that must be treated."""
        return tuple(i for i, link in enumerate(self.links) if link.demand > 0)

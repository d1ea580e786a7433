"""The lorries of a night, and where salt is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rules.core.network.network import Network


@dataclass(frozen=True, slots=True)
class Lorry:
    """One lorry with its crew.

    Attributes:
        lorry_id: its name.
        depot: node where it ends, and starts unless ``after`` or ``stands`` says where it is (indices
            of the network).
        capacity_kg: salt that it holds.
        from_s, until_s: when it can start, and when its crew must be back [s after the start of the night].
        on_board_kg: salt at the start; None = full.
        after: arc at whose end it stands.
        stands: node of another yard than the depot's where it stands.

    Raises:
        ValueError: a value that can't be, in words.
    """

    lorry_id: str
    depot: int
    capacity_kg: float
    from_s: float = 0.0
    until_s: float = math.inf
    on_board_kg: float | None = None
    after: int | None = None
    stands: int | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.capacity_kg < math.inf:
            raise ValueError(f"lorry {self.lorry_id}: holds {self.capacity_kg} kg; allowed: above 0")
        if self.on_board_kg is not None and not 0.0 <= self.on_board_kg <= self.capacity_kg:
            raise ValueError(
                f"lorry {self.lorry_id}: {self.on_board_kg} kg on board; allowed: 0 to {self.capacity_kg}"
            )
        if not 0.0 <= self.from_s < math.inf or not self.until_s >= 0.0:
            raise ValueError(
                f"lorry {self.lorry_id}: from {self.from_s} until {self.until_s} s; allowed: 0 or later"
            )

    @property
    def yard(self) -> int:
        """Node of the yard where it starts, if it doesn't start on the road."""
        return self.depot if self.stands is None else self.stands

    @property
    def begins_with_kg(self) -> float:
        """Salt on board at the start [kg]."""
        return self.capacity_kg if self.on_board_kg is None else self.on_board_kg


@dataclass(frozen=True)
class Fleet:
    """Lorries, and the nodes where they can load salt (depots and barns).

    Raises:
        ValueError: no lorry, a name that is there twice, no place to load.
    """

    lorries: tuple[Lorry, ...]
    barns: tuple[int, ...]

    def __post_init__(self) -> None:
        names = [lorry.lorry_id for lorry in self.lorries]
        if not names:
            raise ValueError("fleet: there is no lorry")
        if len(set(names)) < len(names):
            raise ValueError(f"fleet: lorry {next(n for n in names if names.count(n) > 1)} is there twice")
        if not self.barns:
            raise ValueError("fleet: there is nowhere to load salt")

    def check(self, network: Network) -> None:
        """Raise ValueError where a place is not on the network."""
        for what, node in [
            *((f"lorry {v.lorry_id}'s depot", v.depot) for v in self.lorries),
            *(("barn", b) for b in self.barns),
        ]:
            if not 0 <= node < len(network.nodes) or not network.arcs_from[node]:
                raise ValueError(f"{what}: node {node} is on no road")
        for lorry in self.lorries:
            if lorry.stands is not None and not 0 <= lorry.stands < len(network.nodes):
                raise ValueError(f"lorry {lorry.lorry_id}: node {lorry.stands} is not in the network")
            if lorry.after is not None and not 0 <= lorry.after < len(network.arcs):
                raise ValueError(f"lorry {lorry.lorry_id}: arc {lorry.after} is not in the network")

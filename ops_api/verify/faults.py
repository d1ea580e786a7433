"""The faults by name, and when they happen: pure, and the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cityops.errors import ConfigurationError

NONE, ALL = "none", "all"
FIRST, LAST = 0.06, 0.9
"""Faults happen between these parts of a run: something is under way before and after each."""


Part = Literal["ingester", "broker", "database", "network", "alone"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What may be asked for.

    Attributes:
        name: as on the command line.
        what: what is done, for a person.
        part: of the chain that it strikes; faults of different parts may strike together.
        hold_s: shortest and longest time that it lasts [s].
        proxied: whether it needs a network that can be spoilt.
        small_disk: whether it needs a disk that can be filled.
    """

    name: str
    what: str
    part: Part
    hold_s: tuple[float, float] = (0.0, 0.0)
    proxied: bool = False
    small_disk: bool = False


FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("kill-ingester", "kill -9 of the ingester, started again at once", "ingester"),
        Fault(
            "stop-ingester",
            "SIGTERM under load: it drains and ends within its deadline, started again",
            "alone",
        ),
        Fault("freeze-ingester", "SIGSTOP of the ingester, beyond its keep-alive", "ingester", (4.0, 12.0)),
        Fault("kill-broker", "kill -9 of the broker, back with what it had last saved", "broker", (0.1, 1.5)),
        Fault("wipe-broker", "kill -9 of the broker, its persistence file removed", "broker", (0.1, 1.5)),
        Fault("freeze-broker", "SIGSTOP of the broker", "broker", (1.0, 12.0)),
        Fault(
            "stop-db",
            "immediate stop of PostgreSQL (sessions cut, nothing written out)",
            "database",
            (0.5, 3.0),
        ),
        Fault("kill-db", "kill -9 of PostgreSQL", "database", (0.1, 2.0)),
        Fault("freeze-db", "SIGSTOP of PostgreSQL and its sessions", "database", (2.0, 8.0)),
        Fault(
            "kill-all",
            "kill -9 of ingester, broker (its file removed) and PostgreSQL within a second",
            "alone",
            (0.1, 2.0),
        ),
        Fault(
            "fill-connections",
            "no connection left in PostgreSQL, the ingester's ended",
            "database",
            (1.0, 4.0),
        ),
        Fault(
            "fill-disk",
            "no space left on the database's disk (needs root)",
            "alone",
            (2.0, 5.0),
            small_disk=True,
        ),
        Fault(
            "fill-broker-disk",
            "no space left for what the broker saves; then there is, or it is killed meanwhile",
            "broker",
            (1.0, 4.0),
        ),
        Fault(
            "cut-network",
            "all connections between two parts reset, half of them within a packet",
            "network",
            (0.2, 2.0),
            proxied=True,
        ),
        Fault(
            "stall-network",
            "nothing passes between two parts for a while",
            "network",
            (1.0, 8.0),
            proxied=True,
        ),
        Fault(
            "half-open",
            "connections to the broker are dead and neither side is told",
            "network",
            (0.5, 3.0),
            proxied=True,
        ),
        Fault(
            "slow-network",
            "0.2 s each way and 100 kB/s per connection to the broker",
            "network",
            (2.0, 5.0),
            proxied=True,
        ),
        Fault(
            "slow-db", "0.25 s each way between ingester and PostgreSQL", "network", (2.0, 5.0), proxied=True
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault of a run.

    Attributes:
        at: part of the run after which it happens, 0..1.
        name: which one.
        hold_s: how long it lasts [s].
        seed: of what it decides itself.
    """

    at: float
    name: str
    hold_s: float
    seed: int


def parse_faults(text: str) -> tuple[str, ...]:
    """Return the names in ``kill-ingester,stop-db``; every one for ``all``, none for ``none``.

    Raises:
        ConfigurationError: naming what is unknown and listing what is allowed.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if names == (NONE,):
        return ()
    if names == (ALL,):
        return tuple(FAULTS)
    for name in names:
        if name not in FAULTS:
            raise ConfigurationError(
                f"--faults {name!r} is unknown; allowed are {', '.join(FAULTS)}; or {ALL} or {NONE} by itself"
            )
    if not names:
        raise ConfigurationError(f"--faults is empty; name some of {', '.join(FAULTS)}; or {ALL} or {NONE}")
    return tuple(dict.fromkeys(names))


def schedule(names: Sequence[str], times: int, seed: int, together: float = 0.0) -> list[Planned]:
    """Return each fault ``times`` times in random order, spread over the run.

    Args:
        names: of the faults.
        times: how often each.
        seed: of everything random.
        together: how probable it is that a fault strikes together with the one before it, where
            they are of different parts; they have the same ``at`` then.
    """
    rng = random.Random(seed)
    order = [name for name in names for _ in range(times)]
    rng.shuffle(order)
    groups: list[list[str]] = []
    for name in order:
        if groups and rng.random() < together and _may_join(groups[-1], name):
            groups[-1].append(name)
        else:
            groups.append([name])
    step = (LAST - FIRST) / max(1, len(groups))
    return [
        Planned(at, name, rng.uniform(*FAULTS[name].hold_s), rng.randrange(2**31))
        for i, group in enumerate(groups)
        for at in [FIRST + step * (i + rng.uniform(0.0, 0.6))]
        for name in group
    ]


def _may_join(group: Sequence[str], name: str) -> bool:
    parts = {FAULTS[other].part for other in group}
    return FAULTS[name].part not in parts | {"alone"} and "alone" not in parts

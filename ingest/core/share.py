"""Which shards a worker keeps, gives up and may take: the same rule, applied by each worker alone.

Everyone looks at the same facts (who is there, who holds what) and works out the same
quotas: n shards among w workers are n // w each, and one more for the n % w workers that
hold most already. A worker above its quota gives the surplus up, one below takes what is
free. Nobody takes from anybody, so no order among workers is needed; whoever sees facts
that have changed meanwhile finds a lock taken, and looks again.

Why it settles: quotas add up to n, so while a shard is free some worker is below its quota
and may take it; a worker gives up only what is above its quota and takes only below it, so
none does both; and where all hold their quota the ranking, hence the quotas, stay as they
are. Shards move from the richest to the newest worker and no other way, which is the least
that evens them out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple


class Share(NamedTuple):
    """What a worker is to do.

    Attributes:
        give_up: shards that it holds above its quota, the highest numbers.
        take: free shards to try, in this order.
        room: how many of ``take`` it may hold at most.
    """

    give_up: frozenset[int]
    take: tuple[int, ...]
    room: int


def share(shards: Collection[int], workers: Collection[int], held: Mapping[int, int], me: int) -> Share:
    """Return what worker ``me`` is to do.

    Args:
        shards: what these workers serve together.
        workers: those present that serve these shards, ``me`` among them; numbers that all
            of them see alike.
        held: who holds a shard, by shard; free ones are not in it. Holders that are not
            among ``workers`` keep what they have.
        me: the worker that asks.

    Raises:
        ValueError: ``me`` is not among ``workers``.
    """
    if me not in workers:
        raise ValueError(f"share: worker {me} is not among those present, {sorted(workers)}")
    ours = [s for s in sorted(shards) if held.get(s, me) in workers]
    mine = [s for s in ours if held.get(s) == me]
    rank, quota = _quota(len(ours), workers, Counter(held[s] for s in ours if s in held), me)
    free = [s for s in ours if s not in held]
    # Workers that start together would all try the same shard first: each begins elsewhere.
    start = rank * len(free) // len(set(workers))
    return Share(frozenset(mine[quota:]), (*free[start:], *free[:start]), max(0, quota - len(mine)))


def _quota(shards: int, workers: Collection[int], counts: Mapping[int, int], me: int) -> tuple[int, int]:
    """Return the rank of ``me`` among the workers, those that hold most first, and its quota."""
    rank = sorted(set(workers), key=lambda w: (-counts.get(w, 0), w)).index(me)
    each, over = divmod(shards, len(set(workers)))
    return rank, each + (1 if rank < over else 0)

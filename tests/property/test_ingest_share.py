"""Shards among workers: all served, evenly, settled soon, and none moved without need."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.core.share import share

ROUNDS = 12
"""Looks that each worker takes; more than are ever needed."""


@dataclass
class City:
    """Shards, workers and locks as the database would keep them."""

    shards: frozenset[int]
    workers: list[int]
    rng: random.Random
    held: dict[int, int] = field(default_factory=dict)
    moves: int = 0

    def look(self, me: int, seen: dict[int, int] | None = None) -> None:
        """One worker looks (or acts on what it has ``seen`` before) and acts."""
        told = share(self.shards, self.workers, dict(self.held) if seen is None else seen, me)
        for shard in told.give_up:
            if self.held.get(shard) == me:
                del self.held[shard]
        taken = 0
        for shard in told.take:
            if taken < told.room and shard not in self.held:
                self.held[shard] = me
                self.moves += 1
                taken += 1

    def settle(self) -> None:
        for _ in range(ROUNDS):
            for worker in self.rng.sample(self.workers, len(self.workers)):
                self.look(worker)

    def counts(self) -> list[int]:
        counts = Counter(self.held.values())
        return [counts[w] for w in self.workers]


cities = st.builds(
    lambda shards, workers, seed: City(frozenset(range(shards)), workers, random.Random(seed)),
    st.integers(1, 64),
    st.lists(st.integers(1, 10_000), min_size=1, max_size=9, unique=True),
    st.integers(0, 1 << 30),
)


def even(city: City) -> None:
    assert set(city.held) == city.shards
    assert set(city.held.values()) <= set(city.workers)
    assert max(city.counts()) - min(city.counts()) <= 1


@given(cities)
def test_all_shards_are_served_evenly_and_stay_where_they_are(city: City) -> None:
    city.settle()
    even(city)
    before = dict(city.held)
    city.settle()
    assert city.held == before


@given(cities, st.data())
def test_whoever_comes_and_goes_no_more_moves_than_must(city: City, data: st.DataObject) -> None:
    city.settle()
    gone = data.draw(st.sets(st.sampled_from(city.workers), max_size=len(city.workers) - 1))
    new = data.draw(st.sets(st.integers(20_000, 30_000), max_size=4))
    city.workers = [w for w in city.workers if w not in gone] + sorted(new)
    city.held = {s: w for s, w in city.held.items() if w not in gone}
    counts, city.moves = sorted(city.counts(), reverse=True), 0
    city.settle()
    even(city)
    # The least: each free shard moves once, and so does what is above the fullest worker's final load.
    each, over = divmod(len(city.shards), len(city.workers))
    quotas = [each + (1 if rank < over else 0) for rank in range(len(city.workers))]
    surplus = sum(max(0, have - quota) for have, quota in zip(counts, quotas, strict=True))
    assert city.moves == len(city.shards) - sum(counts) + surplus


@given(cities, st.integers(0, 1 << 30))
def test_acting_on_an_old_look_does_no_lasting_harm(city: City, seed: int) -> None:
    rng = random.Random(seed)
    looks = {w: dict(city.held) for w in city.workers}
    for _ in range(20 * len(city.workers)):
        worker = rng.choice(city.workers)
        mine = {s: w for s, w in city.held.items() if w == worker}
        # Of others it knows what it saw; of itself it always knows.
        seen = {s: w for s, w in looks[worker].items() if w != worker and s not in mine} | mine
        city.look(worker, seen)
        looks[rng.choice(city.workers)] = dict(city.held)
    city.settle()
    even(city)


@given(cities, st.data())
def test_a_stranger_keeps_what_it_has(city: City, data: st.DataObject) -> None:
    stranger = 99_999
    theirs = data.draw(st.sets(st.sampled_from(sorted(city.shards))))
    city.held = dict.fromkeys(theirs, stranger)
    city.settle()
    assert {s for s, w in city.held.items() if w == stranger} == theirs
    assert set(city.held) == city.shards
    assert max(city.counts()) - min(city.counts()) <= 1


def test_a_worker_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="worker 3 is not among those present"):
        share(range(16), [1, 2], {}, 3)

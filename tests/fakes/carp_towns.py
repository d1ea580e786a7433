"""Street networks made up for the tests and figures of arc routing; the same seed makes the same town."""

from __future__ import annotations

import numpy as np
from scipy.spatial import Delaunay

from rules.core.carp.instance import Instance, Link


def town(
    seed: int,
    nodes: int = 20,
    extra: float = 0.36,
    required: float = 1.0,
    vehicles: int = 4,
    one_way: float = 0.0,
    depots: int = 1,
) -> Instance:
    """Return a town like those of the gritting instances: a tree of short streets with some more between.

    Args:
        seed: of everything random.
        nodes: junctions.
        extra: streets beyond the tree, as a share of the junctions.
        required: share of the streets that must be treated.
        vehicles: that the demand fills nearly.
        one_way: share of the streets beyond the tree that lead one way.
        depots: how many.
    """
    rng = np.random.default_rng(seed)
    at = rng.random((nodes, 2)) * 100.0 * np.sqrt(nodes / 77.0)
    pairs = _pairs(at)
    length = np.hypot(*(at[pairs[:, 0]] - at[pairs[:, 1]]).T)
    tree = _tree(nodes, pairs, length)
    others = [i for i in np.argsort(length) if i not in tree]
    rng.shuffle(others)
    more = others[: int(extra * nodes)]
    cost = np.maximum(1, (length * rng.uniform(1.0, 1.6, len(length))).astype(int))
    chosen = sorted(tree) + more
    treat = set(rng.permutation(chosen)[: max(1, round(required * len(chosen)))].tolist())
    odd = set(rng.permutation(more)[: round(one_way * len(more))].tolist())
    links = tuple(
        Link(int(pairs[i, 0]), int(pairs[i, 1]), int(cost[i]), int(cost[i]) if i in treat else 0, i in odd)
        for i in chosen
    )
    total = sum(link.demand for link in links)
    capacity = max(max(link.demand for link in links), int(np.ceil(total / (vehicles * 0.97))))
    places = tuple(rng.permutation(nodes)[:depots].tolist())
    return Instance(f"town-{seed}", nodes, links, capacity, vehicles, places)


def _pairs(at: np.ndarray) -> np.ndarray:
    if len(at) < 4:
        return np.array([(a, b) for a in range(len(at)) for b in range(a)])
    corners = Delaunay(at).simplices
    edges = np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1)
    return np.unique(edges, axis=0)


def _tree(nodes: int, pairs: np.ndarray, length: np.ndarray) -> set[int]:
    """Return the shortest streets that join all junctions (Kruskal)."""
    part = list(range(nodes))

    def root(node: int) -> int:
        while part[node] != node:
            node = part[node]
        return node

    tree = set()
    for i in np.argsort(length).tolist():
        a, b = root(int(pairs[i, 0])), root(int(pairs[i, 1]))
        if a != b:
            part[a] = b
            tree.add(i)
    return tree


def written(instance: Instance) -> str:
    """Return a town with one depot, junction 0, as a file that the reader takes."""
    assert instance.depots == (0,)
    lower, upper = instance.bounds or (0, 0)
    rows = [f"{link.tail} {link.head} {link.cost} {link.demand}" for link in instance.links]
    numbers = [instance.fleet, instance.capacity, lower, upper]
    return "\n".join([str(instance.nodes), str(len(rows)), *rows, *map(str, numbers)]) + "\n"

"""Small graph tools: union-find, shortest paths, reachability."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

Adjacency = Sequence[Sequence[tuple[int, int]]]
"""For each node the pairs (neighbour, edge) by which it can be left."""


class UnionFind:
    """Disjoint sets of 0..n-1."""

    def __init__(self, n: int) -> None:
        self._parent = list(range(n))

    def root(self, i: int) -> int:
        """Return the set's representative."""
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def join(self, i: int, j: int) -> bool:
        """Join two sets; return whether they were different."""
        a, b = self.root(i), self.root(j)
        if a == b:
            return False
        self._parent[a] = b
        return True


def adjacency(n_nodes: int, arcs: Iterable[tuple[int, int, int]]) -> list[list[tuple[int, int]]]:
    """Return the adjacency of arcs (from, to, edge)."""
    result: list[list[tuple[int, int]]] = [[] for _ in range(n_nodes)]
    for a, b, edge in arcs:
        result[a].append((b, edge))
    return result


def shortest_path(
    graph: Adjacency, start: int, goal: int, cost: Callable[[int], float]
) -> list[tuple[int, int]] | None:
    """Return the cheapest path as (edge, node reached) pairs, or None where there is none.

    Dijkstra; ``cost`` gives an edge's cost, at least 0.
    """
    found = cheapest_way(graph, {start: 0.0}, {goal: 0.0}, cost)
    return None if found is None else found[1]


def cheapest_way(
    graph: Adjacency, starts: Mapping[int, float], goals: Mapping[int, float], cost: Callable[[int], float]
) -> tuple[int, list[tuple[int, int]]] | None:
    """Return the node that the cheapest way begins at, and the way as (edge, node reached) pairs.

    ``starts``: nodes at which it may begin, with what it costs to come there; ``goals``: where it may end, with what
    is still to pay there; ``cost`` gives an edge's. All costs at least 0. None where no goal can be reached.
    """
    best = dict(starts)
    came: dict[int, tuple[int, int]] = {}
    queue = [(so_far, node) for node, so_far in starts.items()]
    heapq.heapify(queue)
    goal, total_cost = None, math.inf
    while queue:
        so_far, node = heapq.heappop(queue)
        if so_far >= total_cost:
            break
        if so_far > best[node]:
            continue
        if so_far + goals.get(node, math.inf) < total_cost:
            goal, total_cost = node, so_far + goals[node]
        for neighbour, edge in graph[node]:
            total = so_far + cost(edge)
            if total < best.get(neighbour, float("inf")):
                best[neighbour] = total
                came[neighbour] = (node, edge)
                heapq.heappush(queue, (total, neighbour))
    if goal is None:
        return None
    path: list[tuple[int, int]] = []
    node = goal
    while node in came:
        previous, edge = came[node]
        path.append((edge, node))
        node = previous
    return node, path[::-1]


def reachable(graph: Adjacency, start: int) -> set[int]:
    """Return the nodes that can be reached from ``start``."""
    seen, stack = {start}, [start]
    while stack:
        for neighbour, _ in graph[stack.pop()]:
            if neighbour not in seen:
                seen.add(neighbour)
                stack.append(neighbour)
    return seen


def strongly_connected(n_nodes: int, arcs: Sequence[tuple[int, int, int]]) -> bool:
    """Whether every node reaches every other."""
    forward = adjacency(n_nodes, arcs)
    backward = adjacency(n_nodes, ((b, a, e) for a, b, e in arcs))
    return len(reachable(forward, 0)) == n_nodes == len(reachable(backward, 0))

"""Small runs of the arc routing search, printed: ``python -m tests.fakes.carp_runs [absent]``.

Loops compiled, switched off by numba's own setting, and without numba must print the same.
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and "absent" in sys.argv:
    sys.modules["numba"] = None  # type: ignore[assignment]

from rules.core.carp.anneal import anneal
from rules.core.carp.compiled import COMPILED
from rules.core.carp.load import best_plan, put
from rules.core.carp.matrix import problem_of
from rules.core.carp.pace import Budget
from rules.core.carp.savings import first_plan
from rules.core.carp.solve import prepare, solve
from tests.fakes.carp_towns import town


def outcomes() -> list[str]:
    """What short searches and a recombination end with."""
    problems = [problem_of(town(seed, nodes=14, one_way=0.3, depots=1 + seed % 2)) for seed in range(2)]
    return [*(str(solve(p, Budget(iterations=150), seed=3)) for p in problems), recombined()]


def recombined() -> str:
    """The first plan of a town, with routes remembered from a short search in place of some of its own."""
    problem = problem_of(town(4, nodes=16))
    begun = first_plan(problem)
    search = prepare(problem, begun, seed=5)
    anneal(search.tables, search.state, search.pool, 300, 5.0)
    put(search.tables, search.state, begun.routes)
    search.recombine()
    return f"{search.pool.used[0]} {begun.cost} {best_plan(search.tables, search.state)}"


if __name__ == "__main__":
    print("compiled" if COMPILED else "interpreted")
    print("\n".join(outcomes()))

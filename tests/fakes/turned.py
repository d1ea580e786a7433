"""Folders of tests, of which each worker reads another part first."""

from __future__ import annotations

from collections.abc import Iterable

import pytest


class Turned(pytest.Dir):
    """A folder whose entries begin where the worker's share of them does.

    pytest rewrites each file of tests when it is first imported, and keeps the result. In a fresh checkout workers
    that all begin with the same file rewrite every file as often as there are workers; now each rewrites its share
    and finds the others' done. The order of the tests is not concerned: ``conftest`` sorts them.
    """

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Return the entries, the worker's share first."""
        entries = list(super().collect())
        worker = getattr(self.config, "workerinput", {"workerid": "gw0", "workercount": 1})
        first = len(entries) * int(worker["workerid"].removeprefix("gw")) // int(worker["workercount"])
        return entries[first:] + entries[:first]

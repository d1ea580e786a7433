"""The health and metrics pages of several workers as one.

Each worker serves its own on a port of its own; here they are fetched, put under a label
``worker``, and answered for together.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Metric
from prometheus_client.parser import text_string_to_metric_families

from cityops.runtime.stop import sleep_until_stop

EVERY_S = 1.0
ANSWER_S = 2.0
_PAGE_BYTES = 4_000_000


class WorkerPages:
    """Asks the workers once a second; a ``cityops.runtime.supervisor.Service``.

    Args:
        ports: each worker's own, on the loopback address, by its number.
        prefix: start of the names of our own metrics, e.g. ``cityops_ingest_``.
    """

    def __init__(self, ports: Mapping[int, int], prefix: str) -> None:
        self._ports = ports
        self._ready: dict[int, dict[str, bool]] = {}
        self._metrics: dict[int, list[Metric]] = {}
        self.registry = CollectorRegistry()
        self.restarts = Counter(
            f"{prefix}worker_restarts", "Workers started again", ["worker"], registry=self.registry
        )
        self.registry.register(self)

    def ready(self) -> Mapping[str, bool]:
        """Return whether each part of each worker works; a worker that does not answer is one that doesn't."""
        found: dict[str, bool] = {}
        for number in self._ports:
            parts = self._ready.get(number)
            if parts is None:
                found[f"worker {number}"] = False
            else:
                found |= {f"worker {number} {part}": works for part, works in parts.items()}
        return found

    def collect(self) -> Iterable[Metric]:
        """Return the workers' metrics, each sample with its worker; called by the registry."""
        families: dict[str, Metric] = {}
        for number, metrics in sorted(self._metrics.items()):
            for metric in metrics:
                family = families.setdefault(
                    metric.name, Metric(metric.name, metric.documentation, metric.type)
                )
                for sample in metric.samples:
                    labels = {**sample.labels, "worker": str(number)}
                    family.add_sample(sample.name, labels, sample.value)
        return families.values()

    async def run(self, stop: asyncio.Event) -> None:
        """Ask again and again until ``stop``."""
        while True:
            await asyncio.gather(*(self._ask(number, port) for number, port in self._ports.items()))
            if await sleep_until_stop(stop, EVERY_S):
                return

    async def _ask(self, number: int, port: int) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                self._ready[number] = dict(json.loads(await _fetch(port, "/readyz")))
                page = await _fetch(port, "/metrics")
                self._metrics[number] = list(text_string_to_metric_families(page))
        except (OSError, TimeoutError, ValueError, EOFError):
            self._ready.pop(number, None)
            self._metrics.pop(number, None)


async def _fetch(port: int, path: str) -> str:
    """Return the body of a page on the loopback address, whatever its status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_PAGE_BYTES)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode("ascii"))
        await reader.readuntil(b"\r\n\r\n")
        return (await reader.read(_PAGE_BYTES)).decode("utf-8")
    finally:
        writer.close()

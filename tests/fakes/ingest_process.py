"""The ingester and its load as processes of their own, watched from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.process import free_port

ROOT = Path(__file__).parents[2]
DRAIN_S = 600
"""How long the load waits for the last receipts [s]."""


class IngestProcess:
    """An ingester for all shards; made when it is ready."""

    def __init__(self, dsn: str, broker: EmbeddedMosquitto) -> None:
        self._port = free_port("127.0.0.1")
        settings = {
            "DB__DSN": dsn,
            "MQTT__HOST": broker.host,
            "MQTT__PORT": str(broker.port),
            "INGEST__HEALTH_PORT": str(self._port),
            "LOG__LEVEL": "error",
        }
        self._process = _start(
            ["-m", "tests.fakes.ingest_worker"], {f"CITYOPS_{k}": v for k, v in settings.items()}
        )
        self._watched = psutil.Process(self._process.pid)
        wait_for(lambda: self.readiness() == 200 or self._process.poll() is not None)
        assert self._process.poll() is None, "the ingester ended by itself"

    def readiness(self) -> int:
        """Return the status of /readyz, 0 without an answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/readyz", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def memory_mb(self) -> float:
        """Return its resident memory [MB]."""
        return float(self._watched.memory_info().rss) / 1e6

    def cpu_s(self) -> float:
        """Return the CPU time that it has used [s]."""
        times = self._watched.cpu_times()
        return float(times.user + times.system)

    def stop(self) -> int:
        """Let it drain and end; return its exit code."""
        self._process.terminate()
        return self._process.wait(timeout=30)

    def kill(self) -> None:
        """End it where a test has failed."""
        self._process.kill()
        self._process.wait()


class LoadProcess:
    """The load generator: ``readings`` over ``devices`` (``load_devices``), so many a second."""

    def __init__(self, broker: EmbeddedMosquitto, devices: int, readings: int, rate: int) -> None:
        numbers = map(str, (broker.port, devices, readings, rate, DRAIN_S))
        self._process = _start(["-m", "tests.fakes.load_process", *numbers], {})

    @property
    def running(self) -> bool:
        """Whether it still creates readings, or waits for receipts."""
        return self._process.poll() is None

    def result(self, within_s: float) -> dict[str, int]:
        """Return its totals once every reading has its receipt, or DRAIN_S after the last one."""
        said, _ = self._process.communicate(timeout=within_s + DRAIN_S)
        return dict(json.loads(said))

    def kill(self) -> None:
        """End it where a test has failed."""
        self._process.kill()
        self._process.wait()


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> float:
    """Wait until ``condition``; return how long that took [s]."""
    began_s = time.monotonic()
    while not condition():
        assert time.monotonic() - began_s < seconds, "waited in vain"
        time.sleep(0.05)
    return time.monotonic() - began_s


def _start(arguments: list[str], settings: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, **settings, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )

"""The ingester as a process of its own, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.process import free_port
from ops_api.demo.services import is_ready

ROOT = Path(__file__).parents[2]


class Worker:
    """Serves the shards 0 to 3; made when it is ready."""

    def __init__(self, dsn: str, broker: EmbeddedMosquitto) -> None:
        for _ in range(3):  # a port that was free may be taken before the worker listens on it
            port = free_port("127.0.0.1")
            self.process = _start(dsn, broker, port)
            wait_until(lambda port=port: is_ready(port) or self.process.poll() is not None)  # type: ignore[misc]
            if self.process.poll() is None:
                return
        raise AssertionError(f"the worker ended by itself with {self.process.returncode}")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=15)


def _start(dsn: str, broker: EmbeddedMosquitto, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "CITYOPS_DB__DSN": dsn,
        "CITYOPS_MQTT__HOST": broker.host,
        "CITYOPS_MQTT__PORT": str(broker.port),
        "CITYOPS_INGEST__SHARDS": "0-3",
        "CITYOPS_INGEST__HEALTH_PORT": str(port),
        "CITYOPS_LOG__LEVEL": "warning",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.fakes.ingest_worker"]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)

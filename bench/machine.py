"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

PACKAGES = ("aiomqtt", "mqtt5", "msgspec", "numpy", "paho-mqtt", "psycopg")


def machine(database: str | None = None, broker: str | None = None) -> dict[str, Any]:
    """Return cores, load and versions; ``database`` and ``broker`` in their own words."""
    found: dict[str, Any] = {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "load_average": [round(x, 1) for x in os.getloadavg()],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }
    servers = {"database": database, "broker": broker}
    return found | {name: words for name, words in servers.items() if words is not None}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())

"""What the agent costs a Raspberry Pi: CPU a day, memory, start, bytes written; beside a bare MQTT client and SQLite.

Four processes against a real broker: the bare imports; an agent at an unused outbox that takes and sends a
day's readings faster than a day; one that is connected and has nothing to do, for some real seconds; those that
start with a full outbox, which the server has or has not, and out of a slot. A day is the readings of the second and 24 hours of the third.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.agent import slot
from bench.agent.keeper import Keeper
from bench.agent.kills import CONFIG
from bench.machine import machine
from bench.stack import broker, broker_label, say
from cityops.embedded.mosquitto import EmbeddedMosquitto
from devices.agent.entry import Entry
from devices.agent.service import OUTBOX_FILE
from devices.agent.sqlite_outbox import DEFAULT_CAPACITY, SqliteOutbox

PI_FACTOR = 15
"""How much slower a core of a Pi Zero 2 W is taken to be than one of this machine. Assumed, not measured: a
Cortex-A53 at 1 GHz needs some 10 to 15 times as long for one thread as a server's core of the 2020s."""
READINGS_A_DAY = 288
DAY_S = 86_400
LIMITS = {"memory_mb": 60.0, "pi_core_percent": 2.0, "pi_start_s": 3.0}
BARE = "import sqlite3, paho.mqtt.client"
PAGE = '\n[page]\nroom = "Bedroom"\nport = {page_port}\n'


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench agent``."""
    parser.add_argument("--readings", type=int, default=READINGS_A_DAY, help="of the day that is run faster")
    parser.add_argument("--cadence-s", type=float, default=0.15, help="between them [s]")
    parser.add_argument("--idle-s", type=float, default=120.0, help="how long doing nothing is measured [s]")
    parser.add_argument("--held", type=int, default=DEFAULT_CAPACITY, help="entries of the full outbox")
    parser.add_argument("--starts", type=int, default=5, help="of which the median counts")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures; ``correct`` where every reading has its receipt and every limit is kept."""
    with tempfile.TemporaryDirectory(prefix="cityops-bench-", dir=Path.cwd()) as folder:
        Path(folder).chmod(0o711)
        with broker(Path(folder)) as started, Keeper(started.host, started.port) as keeper:
            figures = _measure(Path(folder), started, keeper, options)
    day = figures["a_day"]
    within = {
        "memory_mb": max(
            day["memory_mb"], figures["full_outbox"]["memory_mb"], figures["nothing_sent"]["memory_mb_later"]
        )
        <= LIMITS["memory_mb"],
        "pi_core_percent": day["pi_core_percent"] <= LIMITS["pi_core_percent"],
        "pi_start_s": max(
            figures[case]["pi_cpu_s"] for case in ("start", "full_outbox", "nothing_sent", "slot_full_outbox")
        )
        <= LIMITS["pi_start_s"],
    }
    return {
        "benchmark": "agent",
        "machine": machine(broker=broker_label()),
        "conditions": {
            "readings": options.readings,
            "cadence_s": options.cadence_s,
            "idle_s": options.idle_s,
            "held": options.held,
            "pi_factor_assumed": PI_FACTOR,
        },
        "figures": figures,
        "limits": LIMITS,
        "within": within,
        "correct": len(keeper.held) >= options.readings and all(within.values()),
    }


def _measure(
    folder: Path, server: EmbeddedMosquitto, keeper: Keeper, options: argparse.Namespace
) -> dict[str, Any]:
    say("bare imports")
    bare = _median([_bare() for _ in range(options.starts)])
    say(f"{options.readings} readings")
    busy = Device(folder / "busy", server, options.cadence_s, options.readings).to_the_end()
    say(f"idle for {options.idle_s:.0f} s")
    idle = Device(folder / "idle", server, 3600.0).idle(options.idle_s)
    with_page = Device(folder / "page", server, 3600.0, page=True).idle(options.idle_s / 4)
    say("starts")
    starts = [Device(folder / f"start-{n}", server, 3600.0).start_only() for n in range(options.starts)]
    full = folder / "full"
    _fill(full, options.held)
    full_starts = [Device(full, server, 3600.0).start_only() for _ in range(options.starts)]
    unsent = folder / "unsent"
    _fill(unsent, options.held, sent=False)
    unsent_starts = [Device(unsent, server, 3600.0).start_only() for _ in range(options.starts)]
    recalled = Device(unsent, server, 3600.0).idle(10.0)
    slots = _slots(folder / "slot", full, server, options.starts)
    started, full_started = _median(starts), _median(full_starts)
    per_reading_ms = 1000 * busy["cpu_s"] / options.readings
    day_cpu_s = busy["cpu_s"] / options.readings * READINGS_A_DAY + idle["cpu_s"] / options.idle_s * DAY_S
    return {
        "a_day": {
            "cpu_s": round(day_cpu_s, 2),
            "of_it_readings_s": round(busy["cpu_s"] / options.readings * READINGS_A_DAY, 2),
            "of_it_idle_s": round(idle["cpu_s"] / options.idle_s * DAY_S, 2),
            "core_percent": round(100 * day_cpu_s / DAY_S, 4),
            "pi_core_percent": round(100 * PI_FACTOR * day_cpu_s / DAY_S, 3),
            "memory_mb": busy["memory_mb"],
            "written_by_the_process_bytes": round(busy["wchar"] / options.readings * READINGS_A_DAY),
            "reaching_the_disk_bytes": round(busy["write_bytes"] / options.readings * READINGS_A_DAY),
        },
        "a_reading": {
            "cpu_ms": round(per_reading_ms, 2),
            "written_bytes": round(busy["wchar"] / options.readings),
        },
        "idle": {
            "wake_ups_a_minute": round(60 * idle["wake_ups"] / options.idle_s, 1),
            "memory_mb": idle["memory_mb"],
        },
        "idle_with_page": {
            "wake_ups_a_minute": round(60 * with_page["wake_ups"] / (options.idle_s / 4), 1),
            "memory_mb": with_page["memory_mb"],
        },
        "start": {
            **started,
            "pi_cpu_s": round(PI_FACTOR * started["cpu_s"], 2),
            "times_bare": round(started["cpu_s"] / bare["cpu_s"], 2),
        },
        "full_outbox": {
            "entries": options.held,
            "file_mb": round((folder / "slot/card" / OUTBOX_FILE).stat().st_size / 1e6, 1),
            **full_started,
            "pi_cpu_s": round(PI_FACTOR * full_started["cpu_s"], 2),
        },
        "nothing_sent": {
            **_as_pi(_median(unsent_starts)),
            "memory_mb_later": recalled["memory_mb"],
        },
        **slots,
        "bare_imports": {**bare, "memory_times": round(busy["memory_mb"] / bare["memory_mb"], 2)},
    }


def _slots(folder: Path, full: Path, server: EmbeddedMosquitto, starts: int) -> dict[str, dict[str, float]]:
    """Return what a start out of a slot takes, with a full outbox; then of one that was not compiled."""
    folder.mkdir()
    (full / "card").rename(folder / "card")
    root = folder / "update"
    slot.prepare_slot(root)
    found = {}
    for case in ("slot_full_outbox", "slot_not_compiled"):
        runs = [Device(folder, server, 3600.0, update=root).start_only() for _ in range(starts)]
        found[case] = _as_pi(_median(runs))
        slot.forget_compiled(root)
    return found


def _as_pi(figures: dict[str, float]) -> dict[str, float]:
    return {**figures, "pi_cpu_s": round(PI_FACTOR * figures["cpu_s"], 2)}


class Device:
    """An agent's process with a card of its own."""

    def __init__(
        self,
        folder: Path,
        server: EmbeddedMosquitto,
        cadence_s: float,
        readings: int = 0,
        *,
        page: bool = False,
        update: Path | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True)
        config = folder / "agent.toml"
        text = CONFIG.format(folder=folder, host=server.host, port=server.port)
        config.write_text(text + (PAGE.format(page_port=_free_port()) if page else ""), encoding="utf-8")
        notify = folder / "notify"
        notify.unlink(missing_ok=True)
        child = [sys.executable, "-m", "bench.agent.child", str(config)]
        child += ["--cadence-s", str(cadence_s), "--readings", str(readings)]
        command = child if update is None else slot.command(update, config)
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
            listening.bind(str(notify))
            listening.settimeout(60)
            began_s = time.monotonic()
            self._process = subprocess.Popen(command, env={**os.environ, "NOTIFY_SOCKET": str(notify)})
            while b"READY=1" not in listening.recv(256):
                continue
            self.ready_s = time.monotonic() - began_s
        self._ready = self._look()

    def start_only(self) -> dict[str, float]:
        """Return what starting takes: until READY, and the memory then."""
        self._end()
        found = self._ready
        return {"ready_s": round(self.ready_s, 3), "cpu_s": found["cpu_s"], "memory_mb": found["memory_mb"]}

    def idle(self, seconds: float) -> dict[str, float]:
        """Return what ``seconds`` of doing nothing take, once connected."""
        time.sleep(3.0)
        before = self._look()
        time.sleep(seconds)
        after = self._look()
        self._end()
        return {**after, **{name: after[name] - before[name] for name in ("cpu_s", "wake_ups")}}

    def to_the_end(self) -> dict[str, float]:
        """Return what its readings take, the start left out; it ends by itself after its last receipt."""
        last = self._ready
        while self._process.poll() is None:
            try:
                last = self._look()
            except (OSError, IndexError, KeyError):  # it has just ended
                break
            time.sleep(0.05)
        self._process.wait()
        gone = {name: last[name] - self._ready[name] for name in ("cpu_s", "wchar", "write_bytes")}
        return {**last, **gone}

    def _end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        if self._process.wait(30) != 0:
            raise RuntimeError(f"the agent ended with {self._process.returncode}")

    def _look(self) -> dict[str, float]:
        place = Path("/proc", str(self._process.pid))
        status = _pairs(place / "status")
        io = _pairs(place / "io")
        ticks = (place / "stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
        schedule_ns = (place / "schedstat").read_text(encoding="utf-8").split()[0]
        cpu_s = int(schedule_ns) / 1e9 or sum(map(int, ticks[11:13])) / os.sysconf("SC_CLK_TCK")
        return {
            "cpu_s": round(cpu_s, 4),
            "memory_mb": round(status["VmHWM"] / 1024, 1),
            "wake_ups": status["voluntary_ctxt_switches"],
            "wchar": io["wchar"],
            "write_bytes": io["write_bytes"] - io["cancelled_write_bytes"],
        }


def _pairs(path: Path) -> dict[str, int]:
    lines = (line.partition(":") for line in path.read_text(encoding="utf-8").splitlines())
    words = {name: rest.split() for name, _, rest in lines}
    return {name: int(rest[0]) for name, rest in words.items() if rest and rest[0].isdigit()}


def _bare() -> dict[str, float]:
    code = (
        f"{BARE}\nimport time\n"
        "print(time.process_time(), next(x.split()[1] for x in open('/proc/self/status') if x.startswith('VmHWM')))"
    )
    began_s = time.monotonic()
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    cpu_s, memory_kb = said.stdout.split()
    return {
        "ready_s": round(time.monotonic() - began_s, 3),
        "cpu_s": round(float(cpu_s), 4),
        "memory_mb": round(int(memory_kb) / 1024, 1),
    }


def _median(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: sorted(one[name] for one in runs)[len(runs) // 2] for name in runs[0]}


def _fill(folder: Path, count: int, *, sent: bool = True) -> None:
    (folder / "card").mkdir(parents=True)
    box = SqliteOutbox(folder / "card" / OUTBOX_FILE)
    boot = box.start_boot()
    box.adopt(_old(boot, seq) for seq in range(count))
    if sent:
        box.receipted(boot, [(0, count - 2)])
    box.close()


def _old(boot: int, seq: int) -> Entry:
    at_ms = 1_795_000_000_000 + seq * 300_000
    said = {"ts": at_ms, "boot": boot, "seq": seq, "mono_ms": seq * 300_000, "clk": 2}
    payload = json.dumps(
        {**said, "temperature_c": 18.5, "humidity_pct": 55.0}, separators=(",", ":")
    ).encode()
    return Entry(boot, seq, "reading", at_ms, seq * 300_000, 2, payload)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

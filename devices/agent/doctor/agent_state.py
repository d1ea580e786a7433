"""The agent's own things: its configuration, sensors and outbox, and whether it runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from cityops.errors import ConfigurationError
from devices.agent.config import AgentConfig, load_config
from devices.agent.doctor.finding import Finding, fail, ok, warn
from devices.agent.reading_words import shown
from devices.agent.service import OUTBOX_FILE, make_sensors
from devices.contract.kind import discover
from devices.drivers.base import SensorError
from devices.page.words import plural

_OLD_S = 2 * 3600


def configuration(path: Path) -> tuple[AgentConfig | None, Finding]:
    """Return the configuration and what is to be said of it."""
    try:
        config = load_config(path)
    except ConfigurationError as e:
        fix = f"mend {path}; cityops-agent check looks at it again"
        if not path.exists():
            fix = "cityops-agent claim writes it, with the code on the label; another file: --config FILE"
        return None, fail("config", str(e), fix)
    said = f"{path}: {config.device.name}, {config.device.kind}, shard {config.shard:02x}"
    return config, ok("config", said)


def sensors(config: AgentConfig) -> Iterator[Finding]:
    """Yield what each sensor gives."""
    try:
        made = make_sensors(config)
    except ConfigurationError as e:
        yield fail("sensor", str(e), "see the lines on buses and pins")
        return
    kind = discover().get(config.device.kind)
    for number, (section, sensor) in enumerate(zip(config.sensors, made, strict=True), start=1):
        name = getattr(section.__struct_config__, "tag", None) or type(section).__name__
        try:
            values = ", ".join(shown(field, value, kind) for field, value in sensor.read().items())
        except SensorError as e:
            yield fail(
                "sensor", f"{number}, {name}: {e}", "its cable and plug; i2cdetect -y 1; another address?"
            )
        else:
            yield ok("sensor", f"{number}, {name}: {values}")


def outbox(folder: Path, now_s: float) -> Finding:
    """Say how much waits there and for how long; ``now_s`` is the wall clock [s since 1970]."""
    path = folder / OUTBOX_FILE
    if not path.exists():
        return warn("outbox", "there is none yet", "the agent makes it at its first start")
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            found = db.execute(
                "select count(*), sum(receipted = 0), min(case when receipted = 0 then wall_ms end) from outbox"
            ).fetchone()
            broken = db.execute("pragma quick_check(1)").fetchone()[0]
    except sqlite3.Error as e:
        fix = "the agent sets a broken file aside at its next start; the card may be worn"
        return fail("outbox", f"{path} can't be read: {e}", fix)
    if broken != "ok":
        return fail("outbox", f"{path} is damaged: {broken}", "start the agent again; the card may be worn")
    kept, waiting, oldest_ms = int(found[0]), int(found[1] or 0), found[2]
    said = f"{plural(kept, 'entry', 'entries')}, {waiting:,} without a receipt"
    age_s = 0.0 if oldest_ms is None else now_s - oldest_ms / 1000
    if waiting > 0 and age_s > _OLD_S:
        fix = "see the lines on broker and login; whatever waits is sent when the way is free"
        return warn("outbox", f"{said}, the oldest for {_age(age_s)}", fix)
    return ok("outbox", said)


def _age(seconds: float) -> str:
    return f"{seconds / 86_400:.1f} days" if seconds >= 86_400 else f"{seconds / 3600:.1f} hours"

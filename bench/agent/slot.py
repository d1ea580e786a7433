"""The agent in a slot, as an update puts it there: built, signed and staged by the product, started by its launcher."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import msgspec

from devices.agent.update.durable import Places
from devices.agent.update.files import RealFiles
from devices.agent.update.job import Job
from devices.agent.update.stage import run_job
from devices.contract.update.manifest import read_keys
from ingest.fleet.bundles.build import Wanted, build, open_bundle
from ingest.fleet.bundles.keys import make_key, make_list

REPOSITORY = Path(__file__).parents[2]
MADE_AT = 1_790_000_000


def prepare_slot(root: Path) -> None:
    """Stage the agent of this checkout in slot ``a`` of ``root`` and have it be what runs."""
    key, release = make_key(), make_key()
    keys = make_list(1, MADE_AT, [key.key], [release.key], [key])
    wanted = Wanted(name="agent", version="1", serial=1, made_at=MADE_AT, expires_at=MADE_AT + 86_400 * 180)
    body = build(_agent(), wanted, release, None, None)
    opened = open_bundle(body, read_keys(keys.text.encode()))
    places = Places(root)
    places.fetch.mkdir(parents=True)
    places.bundle(opened.bundle_id).write_bytes(body)
    (root / "card.json").write_bytes(msgspec.json.encode(keys))
    job = Job(
        root=str(root), bundle=opened.bundle_id, size=len(body), slot="a", running_slot="",
        keys_file=str(root / "card.json"), kind="frog", machine="aarch64", python=(3, 11), running=0, floor=0,
        back_to=(), now_s=None,
    )  # fmt: skip
    staged = run_job(RealFiles(), job)
    if staged.slot is None:
        raise RuntimeError(f"the bundle was not staged: {staged.reason}")
    places.state.write_text(json.dumps({"current": "a", "phase": "idle", "trial": None}))


def forget_compiled(root: Path) -> None:
    """Leave the slot as it was staged before slots were compiled."""
    for folder in list((root / "slots/a").rglob("__pycache__")):
        shutil.rmtree(folder)


def command(root: Path, config: Path) -> list[str]:
    """Return how systemd starts it (deploy/agent/launcher.conf)."""
    launcher = REPOSITORY / "devices/launcher/launch.py"
    words = ["run", "--config", str(config), "--first-within-s", "3600"]
    return [sys.executable, "-IS", str(launcher), str(root), *words]


def _agent() -> dict[str, bytes]:
    return {
        f"code/{path.relative_to(REPOSITORY).as_posix()}": path.read_bytes()
        for top in ("devices", "cityops")
        for path in (REPOSITORY / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.parts[-2] not in ("db", "embedded")
    }

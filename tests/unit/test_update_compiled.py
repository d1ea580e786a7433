"""What is staged is compiled: quick to start, never in place of what was signed, nobody else's to write."""

from __future__ import annotations

import importlib.util
import os
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from devices.agent.update.compiled import compiled, compiled_path
from devices.agent.update.files import RealFiles
from devices.agent.update.job import Job, Staged
from devices.agent.update.stage import run_job
from devices.agent.update.stager import InlineStager
from tests.fakes.update_bench import Council

CODE = b"import sys\n\n\ndef say():\n    return 'signed'\n"
FILES = {"code/agent/__init__.py": b"", "code/agent/say.py": CODE, "site/lib.py": b"x = 1\n"}


@pytest.fixture(scope="module")
def council() -> Council:
    return Council()


def job(root: Path, council: Council, files: dict[str, bytes]) -> Job:
    body, opened = council.bundle(2, files)
    (root / "fetch").mkdir(parents=True)
    (root / "fetch" / opened.bundle_id).write_bytes(body)
    (root / "card.json").write_bytes(msgspec.json.encode(council.keys()))
    return Job(
        root=str(root), bundle=opened.bundle_id, size=len(body), slot="a", running_slot="",
        keys_file=str(root / "card.json"), kind="frog", machine="aarch64", python=(3, 11), running=0, floor=0,
        back_to=(), now_s=None,
    )  # fmt: skip


def staged(root: Path, council: Council, files: dict[str, bytes]) -> Path:
    said = run_job(RealFiles(), job(root, council, files))
    assert said.slot is not None, said
    return root / "slots/a"


def imported(slot: Path) -> tuple[str, str]:
    """What the slot's module says to this Python, and how it was loaded."""
    done = subprocess.run(
        [sys.executable, "-v", "-S", "-P", "-c", "import agent.say; print(agent.say.say(), agent.say.say.__code__.co_filename)"],
        env={"PYTHONPATH": str(slot / "code"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip(), done.stderr


def test_a_start_out_of_the_slot_compiles_nothing(tmp_path: Path, council: Council) -> None:
    slot = staged(tmp_path, council, FILES)
    said, how = imported(slot)
    assert said == f"signed {slot / 'code/agent/say.py'}", "a traceback names the file where it lies"
    assert f"code object from '{compiled_path(slot / 'code/agent/say.py')}'" in how
    assert compiled_path(slot / "site/lib.py").exists()


def test_what_was_signed_runs_whatever_was_compiled(tmp_path: Path, council: Council) -> None:
    slot = staged(tmp_path, council, FILES)
    other = compiled(CODE.replace(b"signed", b"forged"), slot / "code/agent/say.py")
    assert other is not None
    compiled_path(slot / "code/agent/say.py").write_bytes(other)
    assert imported(slot)[0].startswith("signed ")


def test_a_file_that_is_no_python_of_this_version_is_taken_as_it_is(tmp_path: Path, council: Council) -> None:
    slot = staged(tmp_path, council, {**FILES, "site/old.py": b"print 'python 2'", "site/nul.py": b"x = 1\0"})
    assert (slot / "site/old.py").read_bytes() == b"print 'python 2'"
    assert not compiled_path(slot / "site/old.py").exists()
    assert not compiled_path(slot / "site/nul.py").exists()


def test_a_signed_file_is_not_written_over(tmp_path: Path, council: Council) -> None:
    name = importlib.util.cache_from_source("code/agent/say.py")
    slot = staged(tmp_path, council, {**FILES, name: b"mine"})
    assert (slot / name).read_bytes() == b"mine"


def test_the_updates_process_writes_for_nobody_else(tmp_path: Path, council: Council) -> None:
    """Also where the agent was started by hand, without the unit's UMask."""
    before = os.umask(0)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "devices.agent.update.stage"],
            input=msgspec.json.encode(job(tmp_path, council, FILES)), stdout=subprocess.PIPE, check=True,
        )  # fmt: skip
    finally:
        os.umask(before)
    assert msgspec.json.decode(done.stdout, type=Staged).slot is not None
    there = list((tmp_path / "slots").rglob("*"))
    assert any(path.suffix == ".pyc" for path in there)
    assert not [path for path in there if stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_a_slot_of_a_simulated_device_is_the_same(tmp_path: Path, council: Council) -> None:
    stager = InlineStager(RealFiles())
    stager.begin(job(tmp_path, council, FILES))
    assert stager.ended() is not None
    assert compiled_path(tmp_path / "slots/a/code/agent/say.py").exists()

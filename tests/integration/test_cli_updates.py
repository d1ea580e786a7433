"""``cityops fleet bundle`` and ``cityops fleet update`` as the device manager starts them."""

from __future__ import annotations

import json
import stat
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import psycopg
import pytest

from devices.contract.update.manifest import read_keys
from ingest.fleet.bundles.build import open_bundle
from ingest.fleet.bundles.keys import load_list
from tests.fakes.command_line import cityops
from tests.fakes.ledger_rows import register

MADE = {"SOURCE_DATE_EPOCH": "1790000000"}


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Keys, and a wheel of ours with one of a library."""
    root, release = (
        bundle("keygen", "--out", str(tmp_path / f"{n}.pem")).stdout.strip() for n in ("root", "release")
    )
    made = bundle(
        "keys", "--root", root, "--release", release, "--sign", str(tmp_path / "root.pem"), "--serial", "1",
        "--out", str(tmp_path / "keys.json"),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    with zipfile.ZipFile(tmp_path / "cityops-1.4.0-py3-none-any.whl", "w") as wheel:
        for name in (
            "devices/agent/__main__.py",
            "cityops/errors.py",
            "cityops/db/pool.py",
            "ops_api/cli.py",
        ):
            wheel.writestr(name, f"# {name}")
    with zipfile.ZipFile(tmp_path / "lib-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("lib/__init__.py", "")
        wheel.writestr("lib-1.0.data/purelib/more.py", "x = 1")
        wheel.writestr("lib-1.0.dist-info/METADATA", "Name: lib")
    return tmp_path


def bundle(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return cityops("fleet", "bundle", *words, **{**MADE, **more})


def built(desk: Path, out: str, *words: str, serial: int = 4) -> subprocess.CompletedProcess[str]:
    return bundle(
        "build", "--from", str(desk / "cityops-1.4.0-py3-none-any.whl"), "--wheel", str(desk / "lib-1.0-py3-none-any.whl"),
        "--serial", str(serial), "--key", str(desk / "release.pem"), "--days", "3650", "--out", str(desk / out), *words,
    )  # fmt: skip


def test_a_bundle_has_the_agent_and_its_libraries_and_is_made_the_same_again(desk: Path) -> None:
    for out in ("a", "b"):
        assert built(desk, out).returncode == 0
    assert (desk / "a").read_bytes() == (desk / "b").read_bytes()
    keys = read_keys(load_list(desk / "keys.json").text.encode())
    manifest = open_bundle((desk / "a").read_bytes(), keys).manifest
    assert (manifest.version, manifest.serial) == ("1.4.0", 4)
    assert [file.path for file in manifest.files] == [
        "code/cityops/errors.py", "code/devices/agent/__main__.py", "site/lib-1.0.dist-info/METADATA",
        "site/lib/__init__.py", "site/more.py",
    ]  # fmt: skip
    assert stat.S_IMODE((desk / "release.pem").stat().st_mode) == 0o600
    again = bundle("keygen", "--out", str(desk / "release.pem"))
    assert (again.returncode, "a key is never overwritten" in again.stderr) == (2, True)


def test_what_is_not_signed_by_a_release_key_or_was_changed_is_not_good(desk: Path) -> None:
    built(desk, "good")
    bundle("keygen", "--out", str(desk / "other.pem"))
    for name, key in (("root", "root.pem"), ("other", "other.pem")):
        bundle(
            "build", "--from", str(desk / "cityops-1.4.0-py3-none-any.whl"), "--serial", "5", "--key", str(desk / key),
            "--out", str(desk / name),
        )  # fmt: skip
        no = bundle("verify", str(desk / name), "--keys", str(desk / "keys.json"))
        assert no.returncode == 2
        assert "not a release key that is known here" in no.stderr
    body = (desk / "good").read_bytes()
    (desk / "changed").write_bytes(body[:-40] + bytes([body[-40] ^ 1]) + body[-39:])
    no = bundle("verify", str(desk / "changed"), "--keys", str(desk / "keys.json"))
    assert (no.returncode, "the payload is not what was signed" in no.stderr) == (2, True)
    yes = bundle("verify", str(desk / "good"), "--keys", str(desk / "keys.json"))
    assert "agent 1.4.0, serial 4, for all kinds" in yes.stdout


def test_keys_with_a_passphrase_are_read_with_it_alone(tmp_path: Path) -> None:
    secret = {"CITYOPS_BUNDLE_PASSPHRASE": "a long phrase"}
    bundle("keygen", "--out", str(tmp_path / "k.pem"), **secret)
    (tmp_path / "tree/code").mkdir(parents=True)
    (tmp_path / "tree/code/a.py").write_text("x")
    words = (
        "build",
        "--from",
        str(tmp_path / "tree"),
        "--version",
        "1",
        "--serial",
        "1",
        "--key",
        str(tmp_path / "k.pem"),
    )
    assert bundle(*words, "--out", str(tmp_path / "o")).returncode == 2
    assert bundle(*words, "--out", str(tmp_path / "o"), **secret).returncode == 0
    (tmp_path / "tree/code/link").symlink_to("/etc/passwd")
    no = bundle(*words, "--out", str(tmp_path / "o"), **secret)
    assert (no.returncode, "a bundle has plain files only" in no.stderr) == (2, True)


async def test_from_a_bundle_to_a_roll_out(desk: Path, db_dsn: str, pg: psycopg.AsyncConnection[Any]) -> None:
    for n in range(4):
        await register(pg, f"frog-{n}")
    own = {"CITYOPS_DB__DSN": db_dsn, "CITYOPS_DATA_DIR": str(desk), "CITYOPS_OPERATOR": "gus"}

    def fleet(*words: str) -> subprocess.CompletedProcess[str]:
        return cityops("fleet", *words, **own)

    trusted = fleet("bundle", "trust", str(desk / "keys.json")).stdout
    assert trusted.startswith("list 1: 1 root, 1 release"), trusted
    assert "no signed list of keys" in fleet("bundle", "trust", str(desk / "release.pem")).stderr
    built(desk, "a")
    added = fleet("bundle", "add", str(desk / "a"), "--keys", str(desk / "keys.json"))
    assert "1.4.0 (serial 4) is added" in added.stdout, added.stderr
    assert (
        "is there already"
        in fleet("bundle", "add", str(desk / "a"), "--keys", str(desk / "keys.json")).stdout
    )
    built(desk, "clash", "--kind", "frog")
    no = fleet("bundle", "add", str(desk / "clash"), "--keys", str(desk / "keys.json"))
    assert (no.returncode, "serial 4 of agent is taken" in no.stderr) == (2, True)
    assert "1.4.0          serial 4" in fleet("bundle", "list").stdout
    assert "no bundle is called" in fleet("update", "start", "9.9").stderr
    assert "a share like 5%" in fleet("update", "start", "1.4.0", "--halt-at", "5").stderr
    strange = fleet("update", "start", "1.4.0", "--kind", "zzz")
    assert (strange.returncode, strange.stdout) == (2, "")
    assert "kind zzz: there is none; there are bin, " in strange.stderr
    for more in ((), ("--json",)):
        unknown = fleet("update", "status", "77", *more)
        assert (unknown.returncode, unknown.stdout) == (2, "")
        assert "there is no roll-out 77" in unknown.stderr
    begun = fleet(
        "update", "start", "1.4.0", "--kind", "frog", "--stages", "1,50%:24h,100%", "--halt-at", "5%"
    )
    assert "roll-out 1 has begun" in begun.stdout, begun.stderr
    nobody = "! nobody was offered this update: of 4 devices 4 have never said that they take updates"
    assert nobody in begun.stderr
    status = fleet("update", "status").stdout
    assert status.startswith("! roll-out 1:")
    assert nobody in status
    assert fleet("update", "halt", "1", "--reason", "calls").returncode == 0
    [row] = json.loads(fleet("update", "status", "1", "--json").stdout)["rollouts"]
    assert (row["state"], row["reason"], row["reach"]) == (
        "halted", "calls", {"no_launcher": 4, "off_line": 0}
    )  # fmt: skip
    assert fleet("update", "resume", "1").returncode == 0
    assert fleet("update", "pin", "frog-1", "--reason", "on the bench").returncode == 0
    assert "pinned: frog-1: on the bench" in fleet("update", "status").stdout
    assert "there is no device frog-9" in fleet("update", "pin", "frog-9").stderr
    assert fleet("update", "cancel", "1").returncode == 0
    assert fleet("bundle", "withdraw", "1.4.0").returncode == 0
    rows = await (await pg.execute("select action from audit_entry order by entry_id")).fetchall()
    assert [action for (action,) in rows] == [
        "fleet bundle trust", "fleet bundle add", "fleet bundle add", "fleet update start", "fleet update halted", "fleet update resumed",
        "fleet update pin", "fleet update cancelled", "fleet bundle withdraw",
    ]  # fmt: skip

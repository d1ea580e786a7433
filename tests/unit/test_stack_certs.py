"""deploy/certs.sh beyond the broker's own tests: another's certificate, long names, a run that was cut short; in both shells."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes.compose import ROOT

SCRIPT = ROOT / "deploy" / "certs.sh"
SHELLS = [shell for shell in ("dash", "bash", "sh") if shutil.which(shell)]


def certs(folder: Path, *words: str, shell: str = "sh") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SECRETS": str(folder)}
    return subprocess.run(
        [shell, str(SCRIPT), *words], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_makes_and_renews(shell: str, tmp_path: Path) -> None:
    made = certs(tmp_path, "init", "mqtt.example.org", "192.0.2.7", "2001:db8::1", shell=shell)
    assert made.returncode == 0, made.stderr
    assert "mqtt.example.org 192.0.2.7 2001:db8::1 broker localhost 127.0.0.1" in made.stdout
    before = {p.name: p.read_text() for p in tmp_path.iterdir()}
    assert certs(tmp_path, "init", "other.example.org", shell=shell).returncode == 0
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == before
    renewed = certs(tmp_path, "renew", "500", shell=shell)
    assert renewed.returncode == 0, renewed.stderr
    assert (tmp_path / "mqtt_server_crt").read_text() != before["mqtt_server_crt"]
    assert (tmp_path / "ca.key").read_text() == before["ca.key"]


def test_the_names_of_a_cloud_are_no_common_name(tmp_path: Path) -> None:
    """A common name has 64 characters at most; load balancers are called longer."""
    name = f"{'a' * 40}.elb.eu-west-2.cloud.example.org"
    assert certs(tmp_path, "init", name).returncode == 0
    assert name in certs(tmp_path, "check").stdout


def test_anothers_certificate_is_not_replaced(tmp_path: Path) -> None:
    """Devices may trust a public authority only: the timer that renews ours would shut them all out."""
    other, ours = tmp_path / "other", tmp_path / "ours"
    for folder in (other, ours):
        folder.mkdir()
        assert certs(folder, "init", "mqtt.example.org").returncode == 0
    for name in ("mqtt_server_crt", "mqtt_server_key"):
        shutil.copy(other / name, ours / name)
    left = certs(ours, "renew", "500")
    assert (left.returncode, "of another authority" in left.stderr) == (1, True)
    assert (ours / "mqtt_server_crt").read_text() == (other / "mqtt_server_crt").read_text()
    assert (
        certs(ours, "renew", "30").returncode == 0
    )  # good for longer: nothing to do, nothing to complain of
    assert certs(ours, "renew", "mqtt.example.org").returncode == 0  # asked for by name: from ours again
    assert (ours / "mqtt_server_crt").read_text() != (other / "mqtt_server_crt").read_text()


def test_an_authority_that_was_cut_short_is_made_whole(tmp_path: Path) -> None:
    assert certs(tmp_path, "init").returncode == 0
    key = (tmp_path / "ca.key").read_text()
    for name in ("mqtt_ca_crt", "mqtt_server_crt"):
        (tmp_path / name).unlink()
    done = certs(tmp_path, "init")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ca.key").read_text() == key

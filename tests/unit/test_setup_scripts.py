"""Setting up: what pip is told reaches uv; the packages that apt names are understood."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"setup_script_{name}", SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pip_settings = script("pip_settings")
setup_mosquitto = script("setup_mosquitto")


def test_the_install_section_wins_over_the_global_one() -> None:
    text = "global.cert='/a.pem'\ninstall.find-links='/w1 /w2'\nglobal.find-links='/old'\n:env:.timeout='3'\n"
    assert pip_settings.parse(text) == {"cert": "/a.pem", "find-links": "/w1 /w2"}


def test_pip_variables_are_read() -> None:
    found = pip_settings.from_environment(
        {"PIP_INDEX_URL": "https://mirror/simple", "PIP_CERT": "", "X": "1"}
    )
    assert found == {"index-url": "https://mirror/simple"}


def test_options_become_uvs_variables() -> None:
    options = {
        "index-url": "https://mirror/simple",
        "extra-index-url": "https://b/simple\nhttps://c/simple",
        "find-links": "/w1 /w2",
        "cert": "/a.pem",
        "no-index": "false",
        "quiet": "1",
    }
    assert pip_settings.translate(options, {}) == {
        "UV_DEFAULT_INDEX": "https://mirror/simple",
        "UV_INDEX": "https://b/simple https://c/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/w1,/w2",
        "SSL_CERT_FILE": "/a.pem",
    }


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_what_uv_is_told_itself_stays(name: str) -> None:
    assert pip_settings.translate({"index-url": "https://mirror/simple"}, {name: "https://own/simple"}) == {}


def test_package_names_are_taken_from_apts_list() -> None:
    text = (
        "'http://deb/debian/pool/m/mosquitto/mosquitto_2.0.11-1.2%2bdeb12u1_amd64.deb' "
        "mosquitto_2.0.11-1.2+deb12u1_amd64.deb 259000 SHA256:00\n"
        "'http://deb/debian/pool/c/cjson/libcjson1_1.7.15-1_arm64.deb' libcjson1_1.7.15-1_arm64.deb 22000 \n"
    )
    assert setup_mosquitto._DEB.findall(text) == ["mosquitto", "libcjson1"]


def test_bootstrap_says_when_the_named_python_will_not_do() -> None:
    done = subprocess.run(
        ["/bin/sh", SCRIPTS / "bootstrap.sh", "server"],
        env={"PYTHON": "/bin/false", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "PYTHON=/bin/false is no 64-bit Python 3.11 or newer" in done.stderr


def test_bootstrap_says_how_to_get_a_python_where_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    done = subprocess.run(
        ["/bin/sh", SCRIPTS / "bootstrap.sh", "server"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0 or "Mosquitto" in done.stderr:
        pytest.skip(f"this machine has a Python outside the path ({sys.executable})")
    assert done.returncode == 2
    assert "cityops needs a 64-bit Python 3.11 or newer" in done.stderr


def test_ctrl_c_ends_without_a_traceback(tmp_path: Path) -> None:
    """In a copy whose first step waits: a checkout of its own, nothing is installed."""
    copy = tmp_path / "scripts"
    copy.mkdir()
    for file in SCRIPTS.glob("*.py"):
        (copy / file.name).write_text(file.read_text())
    code = (copy / "setup_environment.py").read_text()
    waiting = "def satisfied(mode):\n    import time\n    print('waiting', flush=True)\n    time.sleep(60)\n"
    (copy / "setup_environment.py").write_text(
        code.replace('if __name__ == "__main__":', f'{waiting}\n\nif __name__ == "__main__":')
    )
    process = subprocess.Popen(
        [sys.executable, copy / "setup_environment.py", "server"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores Ctrl-C, and so would what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=100)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "interrupted" in said

"""Install cityops into ``.venv`` from the hash-pinned locks, and Mosquitto where it is missing.

Usage: ``python scripts/setup_environment.py server|dev``. Standard library only: it runs
before anything is installed. ``server`` is what the product needs, ``dev`` adds what the
tests and checks need.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pip_settings import for_uv

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PRIVATE = ROOT / ".uv"
STAMP = VENV / ".cityops-setup"
LOCKS = {"server": ("server.lock", "build.lock"), "dev": ("dev.lock",)}
APART = {"dev": "grafana.lock"}
"""Into a folder of its own: grafana-client would replace urllib3 for everything else in ``.venv``."""
GRAFANA = ROOT / ".grafana"


def main(mode: str) -> None:
    """Bring ``.venv`` to ``mode``; do nothing where it is there already."""
    if not satisfied(mode):
        uv = find_uv()
        install(uv, mode)
        STAMP.write_text(stamp(mode))
    run([VENV / "bin" / "python", ROOT / "scripts" / "setup_mosquitto.py"])


def satisfied(mode: str) -> bool:
    """Whether ``.venv`` holds what ``mode`` needs, from the locks as they are now."""
    if not (VENV / "bin" / "cityops").exists() or not STAMP.exists():
        return False
    enough = ("dev",) if mode == "dev" else ("server", "dev")
    return STAMP.read_text() in {stamp(level) for level in enough}


def stamp(mode: str) -> str:
    """Return what identifies an installation: mode, locks, project file, place."""
    digest = hashlib.sha256(str(ROOT).encode())
    locks = (*LOCKS[mode], APART[mode]) if mode in APART else LOCKS[mode]
    for path in (*(ROOT / "requirements" / lock for lock in locks), ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return f"{mode} {digest.hexdigest()}\n"


def install(uv: Path, mode: str) -> None:
    """Create ``.venv`` and install the locks and the project itself into it."""
    own = PRIVATE / "bin" / "python"
    env = os.environ | for_uv(str(own) if own.exists() else sys.executable) | {"UV_PYTHON_DOWNLOADS": "never"}
    env.pop("VIRTUAL_ENV", None)
    say(f"installing cityops ({mode}) into .venv")
    python = VENV / "bin" / "python"
    if not python.exists() or subprocess.run([python, "-c", ""], check=False).returncode != 0:
        base = getattr(sys, "_base_executable", sys.executable)
        run([uv, "venv", "--quiet", "--clear", "--python", base, VENV], env)
    pip: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", python]
    files = [part for lock in LOCKS[mode] for part in ("-r", ROOT / "requirements" / lock)]
    run([*pip, "--require-hashes", "--no-deps", *files], env)
    run([*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT], env)
    if mode in APART:
        shutil.rmtree(GRAFANA, ignore_errors=True)
        lock = ROOT / "requirements" / APART[mode]
        run([*pip, "--target", GRAFANA, "--require-hashes", "--no-deps", "-r", lock], env)


def find_uv() -> Path:
    """Return the pinned ``uv``, installed into ``.uv`` where it is not yet."""
    pinned = ROOT / "requirements" / "uv.lock"
    digest = hashlib.sha256(pinned.read_bytes()).hexdigest()
    mark = PRIVATE / ".stamp"
    for uv in (PRIVATE / "bin" / "uv", PRIVATE / "lib" / "bin" / "uv"):
        if uv.exists() and mark.exists() and mark.read_text() == digest:
            return uv
    say("installing uv into .uv")
    shutil.rmtree(PRIVATE, ignore_errors=True)
    uv = in_environment(pinned) if has_venv() else beside(pinned)
    mark.write_text(digest)
    return uv


def has_venv() -> bool:
    """Whether this Python can make environments; Debian splits that off, and root may add it."""
    if runs("import venv, ensurepip; ensurepip.version()"):
        return True
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    package = f"python3.{sys.version_info.minor}-venv"
    say(f"installing {package}")
    subprocess.run([apt, "update", "-qq"], check=False)
    done = subprocess.run([apt, "install", "-y", "-qq", package], env=quiet_apt(), check=False)
    return done.returncode == 0 and runs("import venv, ensurepip; ensurepip.version()")


def in_environment(lock: Path) -> Path:
    """Install ``uv`` into a virtual environment of its own."""
    run([sys.executable, "-m", "venv", PRIVATE])
    run([PRIVATE / "bin" / "python", "-m", "pip", *PIP_INSTALL, "-r", lock])
    return PRIVATE / "bin" / "uv"


def beside(lock: Path) -> Path:
    """Install ``uv`` into a plain folder with the system's pip."""
    if not runs("import pip"):
        minor = sys.version_info.minor
        raise SystemExit(
            "This Python can make no virtual environments and has no pip. Either:\n"
            f"  sudo apt-get install python3.{minor}-venv      (Debian, Ubuntu)\n"
            "  make PYTHON=/path/to/another/python3 ...   (a Python which has them)"
        )
    run([sys.executable, "-m", "pip", *PIP_INSTALL, "--target", PRIVATE / "lib", "-r", lock])
    return PRIVATE / "lib" / "bin" / "uv"


PIP_INSTALL = ("--disable-pip-version-check", "install", "--quiet", "--require-hashes", "--no-deps")


def runs(code: str) -> bool:
    """Whether a fresh interpreter of this Python runs ``code``."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def quiet_apt() -> dict[str, str]:
    """Return an environment in which apt asks nothing."""
    return os.environ | {"DEBIAN_FRONTEND": "noninteractive"}


def run(command: list[str | Path], env: dict[str, str] | None = None) -> None:
    """Run a command; where it fails, end with its own words as the last thing on the screen."""
    done = subprocess.run([str(part) for part in command], env=env, cwd=ROOT, check=False)
    if done.returncode != 0:
        shown = " ".join(str(part) for part in command[:4])
        raise SystemExit(f"setup failed (exit code {done.returncode}) at: {shown} ...")


def say(text: str) -> None:
    """Tell what is being done."""
    print(f"cityops setup: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    if sys.argv[1:] not in (["server"], ["dev"]):
        raise SystemExit(f"usage: {sys.argv[0]} server|dev")
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        say("interrupted; what is missing is installed the next time")
        sys.exit(130)

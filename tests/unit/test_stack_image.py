"""The Dockerfile: pinned, hash-locked, without root, and copying what exists and is wanted.

Judged by hadolint where its wheel is (Linux on x86-64), and everywhere by the rules of it that matter here, by their numbers.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Step:
    """One instruction: its stage, keyword and the rest, continuation lines joined."""

    stage: str
    keyword: str
    rest: str


def _steps() -> list[Step]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    found: list[Step] = []
    stage = ""
    for line in filter(None, (line.strip() for line in joined.splitlines())):
        keyword, _, rest = line.partition(" ")
        if keyword == "FROM":
            stage = rest.split(" AS ")[1]
        found.append(Step(stage, keyword, rest))
    return found


STEPS = _steps()
KEYWORDS = {
    "ARG",
    "FROM",
    "ENV",
    "RUN",
    "WORKDIR",
    "COPY",
    "LABEL",
    "USER",
    "VOLUME",
    "EXPOSE",
    "HEALTHCHECK",
    "STOPSIGNAL",
    "ENTRYPOINT",
    "CMD",
}


def _last(keyword: str) -> str:
    return [s.rest for s in STEPS if s.keyword == keyword][-1]


def test_only_known_instructions_and_two_stages() -> None:
    assert {s.keyword for s in STEPS} <= KEYWORDS
    assert [s.stage for s in STEPS if s.keyword == "FROM"] == ["build", "run"]


def test_the_base_is_pinned_to_the_patch() -> None:
    default = re.fullmatch(r"PYTHON_IMAGE=python:(\d+\.\d+\.\d+)-slim-\w+", STEPS[0].rest)
    assert default is not None
    assert f":-{STEPS[0].rest.split('=')[1]}}}" in (ROOT / "docker-compose.yml").read_text()
    assert all(s.rest.startswith("${PYTHON_IMAGE} ") for s in STEPS if s.keyword == "FROM")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    minor = ".".join(default[1].split(".")[:2])
    assert f"Programming Language :: Python :: {minor}" in project["classifiers"]


def test_every_installation_from_outside_is_by_hash() -> None:
    for step in STEPS:
        for part in step.rest.split("&&") if step.keyword == "RUN" else []:
            if "pip install" in part:
                assert "--require-hashes" in part or "/tmp/wheel/" in part, part
            if "pip wheel" in part:
                assert "--no-deps --no-build-isolation" in part
    assert "curl" not in str(STEPS)
    assert "wget" not in str(STEPS)


def test_locks_have_hashes_and_the_build_system() -> None:
    for name in ("server.lock", "build.lock"):
        text = (ROOT / "requirements" / name).read_text()
        pins = re.findall(r"^[a-zA-Z0-9._\[\]-]+==", text, re.MULTILINE)
        assert pins
        assert text.count("--hash=sha256:") >= len(pins)
    assert "hatchling==" in (ROOT / "requirements" / "build.lock").read_text()


def test_it_does_not_run_as_root() -> None:
    user = _last("USER")
    assert re.fullmatch(r"\d+:\d+", user)
    assert not user.startswith("0:")
    after = STEPS[[s.keyword for s in STEPS].index("USER") :]
    assert not [s for s in after if s.keyword in {"RUN", "COPY"}]


def test_what_is_copied_exists_and_reaches_the_build() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for step in STEPS:
        if step.keyword != "COPY" or step.rest.startswith("--from"):
            continue
        for source in step.rest.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(fnmatch.fnmatch(source, pattern) for pattern in allowed), (
                f"{source} is in .dockerignore"
            )


def test_every_package_is_copied() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]["packages"]
    copied = {s.rest.split()[0] for s in STEPS if s.keyword == "COPY" and s.stage == "build"}
    assert set(packages) <= copied


def test_it_starts_cityops_and_says_whether_it_is_well() -> None:
    assert _last("ENTRYPOINT") == '["cityops"]'
    assert "CMD" in _last("HEALTHCHECK")
    assert _last("STOPSIGNAL") == "SIGTERM"


def _program(name: str) -> str:
    """Return a linter that came as a wheel."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"no {name} for this machine")
    return found


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run(
        [_program("hadolint"), "--failure-threshold", "style", "--no-color", str(ROOT / "Dockerfile")],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")


SCRIPTS = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "deploy").rglob("*.sh"))


def test_shellcheck_has_nothing_to_say() -> None:
    assert len(SCRIPTS) >= 6
    done = subprocess.run([_program("shellcheck"), *SCRIPTS], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def _runs() -> list[str]:
    return [part.strip() for s in STEPS if s.keyword == "RUN" for part in s.rest.split("&&")]


# Each rule of hadolint by its number: what is wrong in an instruction (keyword, rest), or None.
RULES = {
    "DL3000": lambda k, r: k == "WORKDIR" and not r.startswith("/"),
    "DL3002": lambda k, r: k == "USER" and r.split(":")[0] in {"root", "0"},
    "DL3003": lambda k, r: k == "RUN" and re.search(r"(^|&& )cd ", r),
    "DL3004": lambda k, r: k == "RUN" and "sudo" in r,
    "DL3006": lambda k, r: k == "FROM" and not re.match(r"\$\{PYTHON_IMAGE\} |\S+[:@]\S+ ", r),
    "DL3007": lambda k, r: k in {"FROM", "ARG"} and ":latest" in r,
    "DL3008": lambda k, r: k == "RUN" and "apt-get install" in r,
    "DL3013": lambda k, r: k == "RUN" and re.search(r"pip install(?!.*(--require-hashes|/tmp/wheel/))", r),
    "DL3020": lambda k, r: k == "ADD",
    "DL3025": lambda k, r: k in {"CMD", "ENTRYPOINT"} and not r.startswith("["),
    "DL4000": lambda k, r: k == "MAINTAINER",
    "DL4006": lambda k, r: k == "RUN" and "|" in r.replace("||", ""),
}


@pytest.mark.parametrize("rule", RULES)
def test_rules_of_hadolint(rule: str) -> None:
    assert [s for s in STEPS if RULES[rule](s.keyword, s.rest)] == []


def test_pip_keeps_no_cache_in_a_layer() -> None:
    """DL3042."""
    assert [s for s in STEPS if s.keyword == "ENV" and "PIP_NO_CACHE_DIR=1" in s.rest and s.stage == "build"]


@pytest.mark.parametrize(
    ("rule", "keyword", "rest"),
    [
        ("DL3000", "WORKDIR", "src"),
        ("DL3002", "USER", "root"),
        ("DL3003", "RUN", "cd /src && make"),
        ("DL3004", "RUN", "sudo make"),
        ("DL3006", "FROM", "python AS build"),
        ("DL3007", "FROM", "python:latest AS build"),
        ("DL3008", "RUN", "apt-get install -y curl"),
        ("DL3013", "RUN", "pip install requests"),
        ("DL3020", "ADD", "a b"),
        ("DL3025", "CMD", "cityops api"),
        ("DL4000", "MAINTAINER", "me"),
        ("DL4006", "RUN", "cat a | sh"),
    ],
)
def test_the_rules_find_what_they_are_for(rule: str, keyword: str, rest: str) -> None:
    assert RULES[rule](keyword, rest)


def test_numbers_of_users_are_the_same_everywhere() -> None:
    """What a volume was made for can be written by whom it is mounted for."""
    folders = re.findall(r"install -d -o (\d+) -g (\d+) -m \d+ (\S+)", " ".join(_runs()))
    assert {(uid, gid) for uid, gid, _ in folders} == {tuple(_last("USER").split(":"))}
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    targets = {m.split(":")[1] for s in compose.values() if "build" in s for m in s.get("volumes", [])}
    # The broker's own is its: who writes devices' logins there is in its group.
    assert targets - {"/mosquitto/config"} == {place for _, _, place in folders}
    assert [n for n, s in compose.items() if "build" in s and s.get("group_add")] == ["logins"]


FAKE = """#!/bin/sh
[ "$1 $2 $3" = "buildx imagetools inspect" ] || exit 2
case $4 in grafana/*) [ -z "$BROKEN" ] || { echo "no such image"; exit 0; } ;; esac
printf 'sha256:%s\\n' "$(printf '%s' "$4" | sha256sum | cut -c1-64)"
"""


def test_images_are_pinned_by_digest_where_the_registries_answer(tmp_path: Path) -> None:
    docker, file, env = tmp_path / "docker", tmp_path / "images.yml", tmp_path / ".env"
    docker.write_text(FAKE)
    docker.chmod(0o755)
    env.write_text("COMPOSE_PROFILES=town\nSTACK_PYTHON_IMAGE=old\n")

    def run(broken: str = "") -> int:
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "BROKEN": broken}
        command = [str(ROOT / "deploy" / "pin-images.sh"), str(file), str(env)]
        return subprocess.run(command, env=environment, capture_output=True).returncode

    assert run("yes") != 0
    assert not file.exists()
    assert run() == 0
    assert run() == 0
    given = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    theirs = {n: s["image"] for n, s in given.items() if "build" not in s}
    made = {n: s["image"] for n, s in yaml.safe_load(file.read_text())["services"].items()}
    assert {n: i.split("@sha256:")[0] for n, i in made.items()} == theirs
    assert all(re.search(r"@sha256:[0-9a-f]{64}$", i) for i in made.values())
    lines = env.read_text().splitlines()
    assert lines[0] == "COMPOSE_PROFILES=town"
    assert lines[1] == "COMPOSE_FILE=" + ":".join(
        f"docker-compose{part}.yml" for part in ("", ".images", ".override")
    )
    # An operator's own file is kept, and one that compose may name is there.
    override = tmp_path / "docker-compose.override.yml"
    assert yaml.safe_load(override.read_text()) == {"services": {}}
    override.write_text("volumes: {}\n")
    assert run() == 0
    assert override.read_text() == "volumes: {}\n"
    assert re.fullmatch(r"STACK_PYTHON_IMAGE=python:[\d.]+-slim-bookworm@sha256:[0-9a-f]{64}", lines[2])
    assert len(lines) == 3

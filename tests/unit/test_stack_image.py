"""The Dockerfile: pinned, hash-locked, without root, and copying what exists and is wanted."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

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

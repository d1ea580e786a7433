"""What is installed is this checkout, from locks that pin every file and name no place."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))

_PIN = re.compile(r"^(?P<name>[a-zA-Z0-9._-]+)(\[[^\]]+\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)
_PLACE = re.compile(
    r"https?://|^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b", re.MULTILINE
)


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    return {canonicalize_name(match["name"]): match["version"] for match in _PIN.finditer(text)}


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_this_checkouts(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve().is_relative_to(ROOT), f"{package} comes from {spec.origin}"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_claims_our_names(package: str) -> None:
    owners = set(importlib.metadata.packages_distributions().get(package, []))
    assert owners <= {"cityops"}, f"{package} also belongs to {owners - {'cityops'}}"


def test_every_package_of_the_checkout_is_in_the_wheel() -> None:
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert ours - {"tests", "bench"} == set(PACKAGES)


def test_it_cannot_be_uploaded_by_mistake() -> None:
    assert "Private :: Do Not Upload" in PROJECT["project"]["classifiers"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_pin_every_file_and_name_no_place(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert _PLACE.search(text) is None
    entries = re.split(r"\n(?=[a-zA-Z0-9])", text)
    unpinned = [
        entry.splitlines()[0] for entry in entries if not _PIN.match(entry) and not entry.startswith("#")
    ]
    unhashed = [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]
    assert (unpinned, unhashed) == ([], [])


@pytest.mark.parametrize("lock", ["server.lock", "network.lock"])
def test_locks_of_what_runs_agree_with_the_dev_lock(lock: str) -> None:
    dev = pins("dev.lock")
    differing = {name: version for name, version in pins(lock).items() if dev.get(name) != version}
    assert differing == {}


@pytest.mark.parametrize(
    ("declared", "lock"),
    [
        (PROJECT["project"]["dependencies"], "server.lock"),
        (PROJECT["project"]["optional-dependencies"]["server"], "server.lock"),
        (PROJECT["project"]["optional-dependencies"]["dashboards"], "dev.lock"),
        (PROJECT["project"]["optional-dependencies"]["grafana"], "grafana.lock"),
        (PROJECT["project"]["optional-dependencies"]["network"], "dev.lock"),
        (PROJECT["project"]["optional-dependencies"]["network"], "network.lock"),
        (PROJECT["dependency-groups"]["dev"], "dev.lock"),
        (PROJECT["build-system"]["requires"], "build.lock"),
    ],
    ids=["base", "server", "dashboards", "grafana", "network in dev", "network", "dev", "build"],
)
def test_locks_satisfy_what_the_project_declares(declared: list[str], lock: str) -> None:
    pinned = pins(lock)
    wrong = []
    for text in declared:
        requirement = Requirement(text)
        version = pinned.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{text}: {lock} has {version}")
    assert wrong == []

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def direct_dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    return {re.split(r"[\[<>=~! ;]", d)[0] for group in lists for d in group}


def test_every_direct_dependency_is_on_the_page_with_its_reason() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text()
    missing = sorted(d for d in direct_dependencies() if f"`{d}`" not in page)
    assert not missing


def test_every_direct_dependency_is_locked() -> None:
    # grafana-client has a lock of its own: it must not be where the tests run (docs/dependencies.md).
    lock = "".join((ROOT / "requirements" / name).read_text() for name in ("dev.lock", "grafana.lock"))
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, flags=re.M)) | set(
        re.findall(r"^([a-z0-9-]+)\[", lock, flags=re.M)
    )
    assert not sorted(direct_dependencies() - locked - {"smbus2", "lgpio"})

"""The vendored files are those of VENDOR.json, and nothing in them points elsewhere."""

from __future__ import annotations

import hashlib
import json
import re

from ops_api.web.render import STATIC

VENDOR = STATIC / "vendor"


def test_vendored_files_are_what_the_index_says() -> None:
    rows = json.loads((VENDOR / "VENDOR.json").read_text())
    for row in rows:
        assert hashlib.sha256((VENDOR / row["file"]).read_bytes()).hexdigest() == row["sha256"], row["file"]
        assert row["version"]
        assert row["licence"] in {"MIT", "BSD-2-Clause"}
    indexed = {row["file"] for row in rows} | {"VENDOR.json"}
    others = {p.name for p in VENDOR.iterdir()} - indexed
    assert others == {"govuk-frontend.LICENSE.txt"}
    for package in {row["package"] for row in rows}:
        assert (VENDOR / f"{package}.LICENSE.txt").exists()


def test_styles_use_the_systems_fonts_and_load_nothing() -> None:
    for path in STATIC.rglob("*.css"):
        css = path.read_text()
        assert "GDS Transport" not in css, path
        assert "@font-face" not in css, path
        assert "@import" not in css, path
        assert not re.findall(r"url\((?!\"?data:|#)", css), path


def test_scripts_name_no_other_host() -> None:
    for path in STATIC.glob("*.js"):
        assert not re.findall(r"https?://", path.read_text()), path

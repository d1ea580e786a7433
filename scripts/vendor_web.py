"""Refresh the vendored web assets from npm: ``python scripts/vendor_web.py``.

Pages load nothing from outside, so the few files they need are in the repository.
``VENDOR.json`` says of each: package, version, licence and SHA-256. To move to a
newer version, change ``PACKAGES``, run this and look at the pages.

govuk-frontend is made for GOV.UK: its typeface and crest may not be used elsewhere,
so the ``@font-face`` rules go, the typeface's name becomes the system's own fonts,
and rules that point to its images lose them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "ops_api" / "web" / "static" / "vendor"

SYSTEM_FONTS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif'

PACKAGES: dict[str, tuple[str, str, dict[str, str]]] = {
    "govuk-frontend": (
        "6.6.0",
        "MIT",
        {"package/dist/govuk/govuk-frontend.min.css": "govuk-frontend.min.css"},
    ),
    "leaflet": (
        "1.9.4",
        "BSD-2-Clause",
        {
            "package/dist/leaflet.js": "leaflet.js",
            "package/dist/leaflet.css": "leaflet.css",
            "package/LICENSE": "leaflet.LICENSE.txt",
        },
    ),
    "uplot": (
        "1.6.32",
        "MIT",
        {
            "package/dist/uPlot.iife.min.js": "uplot.js",
            "package/dist/uPlot.min.css": "uplot.css",
            "package/LICENSE": "uplot.LICENSE.txt",
        },
    ),
}


def without_govuk_brand(css: str) -> str:
    """Return govuk-frontend's CSS with the system's fonts and without its images."""
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = re.sub(
        r"font-family:\"?GDS Transport\"?,\s*arial,\s*sans-serif", f"font-family:{SYSTEM_FONTS}", css
    )
    return re.sub(r"\n?/\*# sourceMappingURL=.*?\*/", "", css)


def without_images(css: str) -> str:
    """Return CSS whose pointers to image files (none of which we ship) are gone."""
    return re.sub(r"url\((?!data:|\"data:|#)[^)]*\)", "none", css)


def fetch(name: str, version: str, folder: Path) -> Path:
    """Return the path of npm's archive of a package."""
    done = subprocess.run(
        ["npm", "pack", "--silent", f"{name}@{version}"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return folder / done.stdout.strip().splitlines()[-1]


def extract(archive: Path, member: str) -> bytes:
    """Return one file of an archive."""
    with tarfile.open(archive) as tar:
        file = tar.extractfile(member)
        if file is None:
            raise SystemExit(f"{archive.name} has no {member}")
        return file.read()


def refresh(target: Path) -> list[dict[str, str]]:
    """Write every asset to ``target`` and return the rows of VENDOR.json."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (version, licence, files) in PACKAGES.items():
            archive = fetch(name, version, Path(folder))
            for member, file in files.items():
                raw = extract(archive, member)
                if name == "govuk-frontend":
                    raw = without_govuk_brand(raw.decode()).encode()
                if file.endswith(".css"):
                    raw = without_images(raw.decode()).encode()
                # The map file is not shipped, so a pointer to it would be a 404.
                raw = re.sub(rb"\n//# sourceMappingURL=.*", b"", raw)
                (target / file).write_bytes(raw)
                digest = hashlib.sha256(raw).hexdigest()
                rows.append(
                    {"file": file, "package": name, "version": version, "licence": licence, "sha256": digest}
                )
    return rows


def main() -> None:
    """Refresh, or with ``--check`` compare the files with VENDOR.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="only compare with VENDOR.json, offline")
    index = TARGET / "VENDOR.json"
    if parser.parse_args().check:
        for row in json.loads(index.read_text()):
            found = hashlib.sha256((TARGET / row["file"]).read_bytes()).hexdigest()
            if found != row["sha256"]:
                raise SystemExit(f"{row['file']} differs from VENDOR.json: run scripts/vendor_web.py")
        return
    TARGET.mkdir(parents=True, exist_ok=True)
    rows = refresh(TARGET)
    index.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{len(rows)} files written to {TARGET}")


if __name__ == "__main__":
    main()

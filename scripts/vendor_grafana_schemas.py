"""Copy the JSON schemas that `cityops grafana check` reads from a checkout of grafana/grafana-foundation-sdk.

Usage: ``python scripts/vendor_grafana_schemas.py CHECKOUT`` (a clone with a work tree). Writes
``dashboards/schemas``: the files as they are, and ``VENDOR.json`` with where they came from and their SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "dashboards" / "schemas"
PANELS = "barchart bargauge gauge geomap heatmap piechart stat statetimeline table text timeseries"
NEEDED = ("alerting", "dashboard", *PANELS.split())


def main(checkout: Path) -> None:
    """Copy what is needed and describe it."""
    TARGET.mkdir(exist_ok=True)
    digests = {}
    for name in NEEDED:
        file = f"{name}.jsonschema.json"
        body = (checkout / "jsonschema" / file).read_bytes()
        (TARGET / file).write_bytes(body)
        digests[file] = hashlib.sha256(body).hexdigest()
    shutil.copyfile(checkout / "LICENSE", TARGET / "LICENSE")
    commit = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    about = {
        "name": "grafana-foundation-sdk, folder jsonschema",
        "source": "https://github.com/grafana/grafana-foundation-sdk",
        "version": commit.stdout.strip(),
        "licence": "Apache-2.0",
        "sha256": digests,
    }
    (TARGET / "VENDOR.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(f"usage: {sys.argv[0]} CHECKOUT")
    main(Path(sys.argv[1]))

"""Where the real data sets are, if they are: beside the checkout or where CITYOPS_REAL_DATA says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def real_data(relative: str) -> Path:
    """Return a file of the real data; skip the test where it is absent."""
    base = Path(os.environ.get("CITYOPS_REAL_DATA") or ROOT.parent / "shared" / "data")
    path = base / relative
    if not path.exists():
        pytest.skip(f"real data {relative} is not in {base}; set CITYOPS_REAL_DATA to its folder")
    return path

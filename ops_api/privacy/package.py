"""The file that who asks what is kept of them is given: a zip, one file of JSON lines a table, and a page of words."""

from __future__ import annotations

import json
import os
import zipfile
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from ops_api.privacy.access import Found
from ops_api.privacy.core.reach import by_table


async def write(rows: AsyncIterator[Found], name: str, at: datetime, file: Path) -> Counter[str]:
    """Write the zip, readable by its owner alone, a row at a time; return rows by table.

    Args:
        rows: as :func:`ops_api.privacy.access.rows_of` gives them: a table's together.
        name: whose.
        at: when it was asked.
        file: must not be there yet.

    Raises:
        FileExistsError: it is.
    """
    counts: Counter[str] = Counter()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        await _tables(packed, rows, counts)
        packed.writestr("README.txt", words(name, at, counts))
    return counts


async def _tables(packed: zipfile.ZipFile, rows: AsyncIterator[Found], counts: Counter[str]) -> None:
    opened, of = None, ""
    try:
        async for table, row in rows:
            if opened is None or table != of:
                if opened is not None:
                    opened.close()
                opened, of = packed.open(f"{table}.jsonl", "w", force_zip64=True), table
            opened.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            counts[table] += 1
    finally:
        if opened is not None:
            opened.close()


def words(name: str, at: datetime, counts: Counter[str]) -> str:
    """Return what the package holds, why it is kept and for how long."""
    listed = by_table()
    lines = [f"What cityops keeps under the name {name!r}, {at:%d %B %Y %H:%M} UTC.", ""]
    for table, rows in sorted(counts.items()):
        one = listed[table]
        lines += [
            f"{table}.jsonl: {rows} row{'' if rows == 1 else 's'}. {one.what}.",
            f"    Why: {one.purpose}. Until: {one.keep}.",
        ]
        if one.why:
            lines.append(f"    Not deleted when asked: {one.why}.")
    if not counts:
        lines.append("Nothing.")
    lines += [
        "",
        "Marks of passwords, tokens and keys are left out: they would help only who found this file.",
    ]
    return "\n".join(lines) + "\n"

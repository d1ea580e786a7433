"""The report as a tagged PDF (PDF/UA-1), set by Typst with the fonts of its wheel: no system library, no network."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from cityops.errors import InvariantError
from rules.core.evidence.printable import printable_lines, printable_whole

TEMPLATE = "report.typ"


def make_pdf(document: Any, pictures: Mapping[str, bytes], made_at: datetime) -> bytes:
    """Return the report; the same bytes for the same arguments.

    Args:
        document: as from :func:`rules.core.evidence.report.document`.
        pictures: files that it names: charts as SVG, photos as JPEG.
        made_at: the time that is written into it.

    Raises:
        InvariantError: the typesetter refuses it, which is a bug.
    """
    template = resources.files("rules.evidence").joinpath(TEMPLATE).read_text(encoding="utf-8")
    return set_pdf(template, document, pictures, made_at)


def set_pdf(template: str, document: Any, pictures: Mapping[str, bytes], made_at: datetime) -> bytes:
    """Return a document set by a template, which reads it as ``document.json``; otherwise as :func:`make_pdf`.

    What no font of ours has is set as ``?``, in the document and in pictures that are SVG: a name in Arabic, a note with an emoji.
    """
    import typst  # here: 9 MB of every process that never sets one

    with tempfile.TemporaryDirectory(prefix="cityops-report-") as folder:
        root = Path(folder)
        (root / TEMPLATE).write_text(template, encoding="utf-8")
        (root / "document.json").write_text(json.dumps(printable_whole(document)), encoding="utf-8")
        for name, data in pictures.items():
            (root / name).write_bytes(_drawn(name, data))
        try:
            return typst.compile(
                root / TEMPLATE,
                root=root,
                ignore_system_fonts=True,
                pdf_standards=["ua-1"],
                timestamp=int(made_at.timestamp()),
            )
        except typst.TypstError as error:
            raise InvariantError(f"the report can't be set: {error.message} {error.hints}") from error
        except BaseException as error:
            if (
                type(error).__name__ != "PanicException"
            ):  # Rust's, which can't be imported and is no Exception
                raise
            raise InvariantError(f"the report can't be set, the typesetter ended: {error}") from error


def _drawn(name: str, data: bytes) -> bytes:
    return printable_lines(data.decode()).encode() if name.endswith(".svg") else data

"""Labels of devices: what their QR code says, and sheets of them for the printer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from html import escape
from io import BytesIO

import segno

from ops_api.provisioning.desk import Label

SCHEME = "cityops-claim:"
COLUMNS, ROWS = 3, 8
WIDTH_MM, HEIGHT_MM = 64.0, 33.9
LEFT_MM, TOP_MM = 8.0, 12.9
PITCH_MM = 66.0
"""A sheet of 24 labels on A4, 64 × 33.9 mm each."""
QR_MM = 24.0


def payload(code: str, public_url: str) -> str:
    """Return what a label's QR code says: the council's page with the code behind the ``#``, which a browser sends nobody.

    Where the installation has no public address it is ``cityops-claim:`` and the code.
    """
    return f"{public_url.rstrip('/')}/claim#{code}" if public_url else f"{SCHEME}{code}"


def code_in(text: str) -> str:
    """Return the code in what was scanned or typed: behind the ``#`` of an address, after the scheme, or as it is."""
    return text.strip().removeprefix(SCHEME).rpartition("#")[2]


def sheets(labels: Sequence[Label], council: str, public_url: str) -> list[str]:
    """Return labels as SVG, an A4 sheet each."""
    each = COLUMNS * ROWS
    return [_sheet(labels[at : at + each], council, public_url) for at in range(0, len(labels), each)]


def _sheet(labels: Sequence[Label], council: str, public_url: str) -> str:
    parts = [
        _label(
            label,
            council,
            public_url,
            LEFT_MM + place % COLUMNS * PITCH_MM,
            TOP_MM + place // COLUMNS * HEIGHT_MM,
        )
        for place, label in enumerate(labels)
    ]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 210 297"'
        ' font-family="sans-serif" fill="#000">\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _label(label: Label, council: str, public_url: str, x_mm: float, y_mm: float) -> str:
    until = label.expires_at.astimezone(UTC)
    words = (
        (7.0, 3.6, "bold", label.device),
        (11.5, 2.5, "normal", council),
        (14.8, 2.2, "normal", f"Model {label.model}" if label.model else ""),
        (18.5, 2.5, "normal", "Claim code"),
        *((22.5 + 3.6 * at, 3.2, "bold", part) for at, part in enumerate(_lines(label.code))),
        (31.5, 1.9, "normal", f"Opens once, until {until.day} {until:%B %Y}"),
    )
    lines = "".join(
        f'<text x="{QR_MM + 6:g}" y="{y:g}" font-size="{size:g}" font-weight="{weight}">{escape(text)}</text>'
        for y, size, weight, text in words
    )
    qr = segno.make(payload(label.code, public_url), error="m")
    side, drawn = qr.symbol_size(border=0)[0], BytesIO()
    qr.save(drawn, kind="svg", border=0, xmldecl=False, svgns=False, omitsize=True)
    inner = drawn.getvalue().decode().partition(">")[2].rpartition("</svg>")[0]
    scale = QR_MM / side
    return (
        f'<g transform="translate({x_mm:g} {y_mm:g})"><g transform="translate(3 5) scale({scale:.4f})">{inner}</g>'
        f"{lines}</g>"
    )


def _lines(code: str) -> tuple[str, str]:
    """Return a code in two lines of a label."""
    head, _, tail = code.rpartition("-")
    return head, tail

"""Text of people in what is set as a PDF: what no font has is a question mark, and a panic of the typesetter is an error in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cityops.errors import InvariantError
from ops_api.cli_devices import _pdf
from ops_api.provisioning.desk import Label
from ops_api.provisioning.labels import sheets
from rules.core.evidence.printable import printable_whole
from rules.evidence.pdf import set_pdf
from tests.fakes.pdf_text import pdf_text

NOW = datetime(2026, 1, 9, 6, tzinfo=UTC)
TEMPLATE = """#let doc = json("document.json")
#set document(title: doc.title)
#set text(lang: "en", region: "GB", font: "Libertinus Serif")
#title()
#table(columns: (1fr,) * 6, ..doc.cells.map(cell => text(size: 9pt, hyphenate: false, cell)))
"""
ARABIC = "رطوبة في غرفة النوم"
EMOJI = "🐸 👩‍👩‍👧 🏳️‍🌈"
ENDS_IT = "\u205b\u200f\u21a7\u05a1\ufea7\u023e\u0668\u203f\u0679\u0667\u21b1\ufe78"
"""Signs that run both ways: in a narrow cell they end typst 0.15 with a panic."""


@pytest.mark.parametrize("text", [ARABIC, EMOJI, ENDS_IT, "नमस्ते", "中文", "\x00\x07", "\ud800"])
def test_what_no_font_has_is_a_question_mark(text: str) -> None:
    said = pdf_text(set_pdf(TEMPLATE, {"title": f"Ada {text}", "cells": [text, "é", "−1.5 °C"] * 4}, {}, NOW))
    assert "Ada ?" in said
    assert "é" in said
    assert "−1.5 °C" in said


def test_a_sheet_of_labels_for_a_council_with_any_name() -> None:
    label = Label(device="frog-1", code="7K2MX0-QA9WZT-H3F5QC", expires_at=NOW)
    drawn = sheets([label], f"{ARABIC} 🐸 & Co", "https://city.example")
    assert "frog-1" in pdf_text(_pdf(drawn, 1))


def test_a_panic_is_an_error_in_words() -> None:
    """From a template, whose text is ours: nothing is replaced in it."""
    template = TEMPLATE.replace("#table(", f'#let bad = "{ENDS_IT}"\n#table(').replace(
        "..doc.cells", "..((bad,) * 12)"
    )
    with pytest.raises(InvariantError, match="the typesetter ended"):
        set_pdf(template, {"title": "x", "cells": []}, {}, NOW)


def test_a_template_that_is_wrong_is_an_error_in_words() -> None:
    with pytest.raises(InvariantError, match="unclosed"):
        set_pdf('#set document(title: "x")\n#table(', {}, {}, NOW)


def test_the_rest_of_a_document_stays_as_it_is() -> None:
    document = {"a": ["two  spaces\nand lines", 0.0, None, True], "b": ({"c": "🐸"},)}
    assert printable_whole(document) == {"a": ["two  spaces\nand lines", 0.0, None, True], "b": [{"c": "?"}]}

"""One byte changed anywhere in a pack is caught; what can be in a manifest has one way to be written."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.core.evidence.blocks import para, table
from rules.core.evidence.canonical import canonical
from rules.core.evidence.manifest import MANIFEST, SIGNATURE
from rules.core.evidence.printable import lost, printable
from rules.core.evidence.rows import shown
from rules.evidence.container import Container
from rules.evidence.pdf import make_pdf
from rules.evidence.unpacking import Verdict, verify
from tests.fakes.evidence_home import KEY, NOW, a_pack


def checked(data: bytes) -> Verdict:
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(data)
        file.flush()
        return verify(Path(file.name), KEY.public)


def flipped(data: bytes, at: int, mask: int) -> bytes:
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_byte_changed_anywhere_in_the_file_is_caught(data: st.DataObject) -> None:
    pack = a_pack()
    at = data.draw(st.integers(0, len(pack) - 1))
    assert not checked(flipped(pack, at, data.draw(st.integers(1, 255)))).intact


def test_every_byte_of_the_end_of_the_file_counts() -> None:
    pack = a_pack()
    for at in range(len(pack) - 130, len(pack), 3):
        assert not checked(flipped(pack, at, 1)).intact, at


def test_a_byte_changed_in_any_file_names_that_file() -> None:
    """The changed file is packed again as well as can be, sealed with the very key: only the hashes tell."""
    with zipfile.ZipFile(io.BytesIO(a_pack())) as archive:
        files = {i.filename: archive.read(i) for i in archive.infolist()}
    names = [n for n in files if not n.startswith(("readings", "outdoor"))]
    names += [
        n for i, n in enumerate(n for n in files if n.startswith(("readings", "outdoor"))) if i % 9 == 4
    ]
    assert {MANIFEST, SIGNATURE, "report.pdf", "statistics.json"} <= set(names)
    for place, name in enumerate(names):
        data = files[name]
        changed = files | {name: flipped(data, place * 7919 % len(data), 1 << place % 8)}
        out = io.BytesIO()
        container = Container(out)
        for path, content in changed.items():
            container.add(path, content)
        container.close(KEY)
        found = checked(out.getvalue())
        assert not found.intact, name
        if name in (MANIFEST, SIGNATURE):
            assert not found.signed or found.trouble
        else:
            assert found.findings is not None
            assert found.findings.changed == (name,)


documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXYZ_09", max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(documents)
def test_canonical_is_read_back_and_written_the_same(document: object) -> None:
    try:
        data = canonical(document)
    except UnicodeEncodeError:  # half a surrogate pair is no text
        return
    assert canonical(json.loads(data)) == data
    assert json.loads(data) == document


@pytest.mark.parametrize("value", [1.5, {"é": 1}, {1: 1}, 2**53, b"x", {"a": [float("nan")]}])
def test_what_has_no_canonical_form_here_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="canonical"):
        canonical(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (20.5078125, "20.51"),
        (20.512, "20.5120"),
        (-0.5, "-0.50"),
        (None, ""),
        (0.0, "0.00"),
        (100.0, "100.00"),
    ],
)
def test_values_have_the_digits_that_were_sent(value: float | None, said: str) -> None:
    assert shown(value, 2, 2.0**-7) == said
    assert shown(0.1, 1, None) == "0.1"


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(), min_size=1, max_size=30))
def test_any_text_can_be_printed_and_is_never_code(texts: list[str]) -> None:
    blocks = [para(t) for t in texts] + [table("t", ["a"], [[t] for t in texts])]
    document = {
        "title": "t",
        "subtitle": printable(texts[0]),
        "sections": [{"heading": "h", "blocks": blocks}],
    }
    assert make_pdf(document, {}, NOW).startswith(b"%PDF-")
    assert not any(lost(printable(t)) for t in texts)

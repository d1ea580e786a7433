"""What a signed manifest may say: names that stay in their slot, sizes that fit, one way to write it."""

from __future__ import annotations

import io
import json
import lzma
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.agent.update.files import RealFiles
from devices.agent.update.section import UpdateSection, in_window, update_faults
from devices.agent.update.unpack import unpack
from devices.contract.update.container import MAGIC, Head, read_head, write_head
from devices.contract.update.manifest import (
    BundleError,
    File,
    Manifest,
    Signed,
    canonical,
    check_path,
    read_keys,
    read_manifest,
)
from devices.contract.update.messages import PIECE_BYTES, Offer, piece, read_piece
from ingest.fleet.bundles.keys import make_key, make_list

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def manifest(**more: Any) -> Manifest:
    values: dict[str, Any] = {
        "name": "agent", "version": "1", "serial": 1, "made_at": 0, "expires_at": 1, "payload_sha256": EMPTY,
        "files": (File(path="code/a", size=0, sha256=EMPTY),), **more,
    }  # fmt: skip
    return Manifest(**values)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd", "code", "code/", "code//a", "code/../a", "code/./a", "../code/a", "other/a", "code/a\\b", "code/a b",
        "code/\x00", "code/ä", "Code/a", "code/a\n", "code/..\n/a", "code/" + "a" * 130, "code/" + "a/" * 120 + "b", "",
    ],
)  # fmt: skip
def test_a_path_that_leaves_its_slot_or_is_not_plain_is_refused(path: str) -> None:
    with pytest.raises(BundleError):
        read_manifest(canonical(manifest(files=(File(path=path, size=0, sha256=EMPTY),))))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30).map(lambda text: f"code/{text}"))
def test_whatever_is_accepted_lies_in_its_slot(path: str) -> None:
    try:
        check_path(path)
    except BundleError:
        return
    assert (Path("/slot") / path).resolve().is_relative_to("/slot/code")


def two(*paths: str, size: int = 0) -> tuple[File, ...]:
    return tuple(File(path=path, size=size, sha256=EMPTY) for path in paths)


@pytest.mark.parametrize(
    "more",
    [
        {"files": ()},
        {"files": two("code/a", "code/a")},
        {"files": two("code/a", "code/A")},
        {"files": two("code/a", "code/a/b")},
        {"files": two("code/a", size=500 * 2**20)},
        {"files": (File(path="code/a", size=0, sha256=EMPTY, held=True),)},
        {"expires_at": 0},
    ],
)
def test_what_can_not_be_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(BundleError) as caught:
        read_manifest(canonical(manifest(**more)))
    assert caught.value.code == "form"


def test_there_is_one_way_to_write_it() -> None:
    text = canonical(manifest())
    assert canonical(read_manifest(text)) == text
    for other in (
        text + b" ",
        json.dumps(json.loads(text)).encode(),
        text[:-1] + b',"extra":1}',
        b"",
        b"[]",
        b"\xff",
    ):
        with pytest.raises(BundleError):
            read_manifest(other)


def unpacked(tmp_path: Path, payload: bytes, file: File) -> Path:
    slot = tmp_path / "slots/a"
    slot.parent.mkdir(exist_ok=True)
    unpack(RealFiles(), io.BytesIO(payload), manifest(files=(file,)), b"{}", slot, None)
    return slot


def test_a_payload_that_is_more_less_or_other_than_signed_fills_no_slot(tmp_path: Path) -> None:
    from hashlib import sha256

    good = b"print(1)\n" * 1000
    file = File(path="code/a.py", size=len(good), sha256=sha256(good).hexdigest())
    bomb = lzma.compress(b"\0" * 50_000_000)
    for payload in (
        lzma.compress(good + b"x"),
        lzma.compress(good[:-1]),
        lzma.compress(good)[:-40],
        bomb,
        b"",
        b"\0" * 99,
    ):
        with pytest.raises(BundleError) as caught:
            unpacked(tmp_path, payload, file)
        assert caught.value.code == "damaged"
        assert not (tmp_path / "slots/a").exists()
    slot = unpacked(tmp_path, lzma.compress(good), file)
    assert (slot / "code/a.py").read_bytes() == good


def test_a_head_that_is_none() -> None:
    good = write_head(Head(manifest=Signed(text="{}", signatures=())))
    assert read_head(io.BytesIO(good + b"payload")).keys is None
    for bad in (b"", MAGIC, MAGIC + b"\0\0\0\1", MAGIC + b"\xff" * 8, b"x" + good, MAGIC + b"\0\0\0\2{}"):
        with pytest.raises(BundleError):
            read_head(io.BytesIO(bad))


def test_a_list_of_keys_keeps_root_and_release_apart() -> None:
    root, release = make_key(), make_key()
    read_keys(make_list(1, 0, [root.key], [release.key], [root]).text.encode())
    from cityops.errors import ConfigurationError

    for roots, releases in (([root], [root]), ([], [release]), ([root], [])):
        with pytest.raises(ConfigurationError):
            make_list(1, 0, [k.key for k in roots], [k.key for k in releases], [root])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_from_anywhere_are_a_piece_or_none(frame: bytes) -> None:
    found = read_piece(frame)
    assert found is None or frame[0] == 0xC1


def test_a_piece_is_at_most_16_kb_with_its_head() -> None:
    assert len(piece("ab" * 32, 5, b"x" * PIECE_BYTES)) == 16_384
    found = read_piece(piece("ab" * 32, 5, b"xyz"))
    assert found is not None
    assert (found.mark, found.from_byte, found.body) == (b"\xab" * 8, 5, b"xyz")
    for body in (b"", b"x" * (PIECE_BYTES + 1)):
        with pytest.raises(ValueError, match="a piece of"):
            piece("ab" * 32, 0, body)


@pytest.mark.parametrize(
    ("window", "hour", "inside"),
    [("01:00-05:00", 1, True), ("01:00-05:00", 5, False), ("22:00-04:00", 23, True), ("22:00-04:00", 3, True),
     ("22:00-04:00", 12, False), ("", 12, True)],
)  # fmt: skip
def test_windows(window: str, hour: int, inside: bool) -> None:
    assert in_window(window, hour * 3_600_000) is inside


def test_an_offer_leads_to_no_other_website() -> None:
    """Its address is put behind that of the website: ``https://town`` and ``@elsewhere`` would be elsewhere's."""
    offer = {"bundle": EMPTY, "serial": 1, "version": "1", "size": 1, "unpacked": 1}
    for url in ("", "/api/v1/x"):
        assert msgspec.convert(offer | {"url": url}, Offer).url == url
    for url in ("@elsewhere.example/x", ".elsewhere.example", "https://elsewhere.example/", "/\0"):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(offer | {"url": url}, Offer)


def test_a_section_that_can_not_be() -> None:
    assert list(update_faults(None)) == list(update_faults(UpdateSection())) == []
    [said] = update_faults(UpdateSection(transfer="http"))
    assert said.startswith("update.base_url ''")
    [said] = update_faults(UpdateSection(window="1-5"))
    assert said.startswith("update.window '1-5'")

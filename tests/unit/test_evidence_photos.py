"""Photos lose their metadata, stand upright, and can't fill the memory; charts say what they show."""

from __future__ import annotations

import hashlib
import io
import math
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from rules.core.evidence.chart import Chart, alt_text, svg
from rules.core.evidence.hours import HourMeans, Silences
from rules.core.evidence.report import CANNOT_SHOW, METHOD
from rules.evidence import pictures
from rules.evidence.pictures import cleaned
from rules.evidence.ports import RefusedError
from tests.fakes.evidence_home import photo_bytes


def encoded(image: Image.Image, kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)  # type: ignore[arg-type]
    return out.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A picture of a few bytes that says it is large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def test_nothing_but_the_pixels_is_left() -> None:
    found = cleaned(photo_bytes())
    assert b"SECRETCAMERA" in photo_bytes()
    assert b"SECRETCAMERA" not in found.jpeg
    with Image.open(io.BytesIO(found.jpeg)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (120, 80))
        assert dict(image.getexif()) == {}
        assert "icc_profile" not in image.info
    assert found.original_sha256 == hashlib.sha256(photo_bytes()).hexdigest()
    assert (found.sha256, found.original_bytes) == (
        hashlib.sha256(found.jpeg).hexdigest(),
        len(photo_bytes()),
    )


def test_a_photo_taken_sideways_stands_upright_and_a_large_one_is_made_smaller() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = cleaned(encoded(Image.new("RGB", (300, 200)), "JPEG", exif=exif))
    assert (found.width, found.height) == (200, 300)
    found = cleaned(encoded(Image.new("L", (4000, 1000)), "PNG"))
    assert (found.width, found.height) == (2000, 500)


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA", "1", "CMYK", "I;16"])
def test_any_kind_of_pixels_is_taken(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert cleaned(encoded(Image.new(mode, (20, 10)), kind)).width == 20


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "can't be read"),
        (b"<svg/>", "can't be read"),
        (photo_bytes()[:400], "can't be read"),
        (encoded(Image.new("RGB", (10, 10)), "GIF"), "can't be read"),
        (encoded(Image.new("RGB", (10, 10)), "TIFF"), "can't be read"),
        (huge_png(9000, 9000), "more than 64 megapixels"),
        (huge_png(50_000, 50_000), "more than 64 megapixels"),
        (huge_png(100, 100), "can't be read"),
    ],
)
def test_what_is_no_photo_or_a_bomb_is_refused_in_words(data: bytes, says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        cleaned(data)


def test_of_a_telephones_photo_with_a_preview_behind_it_the_first_picture_counts() -> None:
    preview = Image.new("RGB", (12, 8))
    found = cleaned(
        encoded(Image.new("RGB", (120, 80), "green"), "MPO", save_all=True, append_images=[preview])
    )
    assert (found.width, found.height) == (120, 80)
    moving = encoded(
        Image.new("RGB", (9, 9)), "WEBP", save_all=True, append_images=[Image.new("RGB", (9, 9), "red")]
    )
    with pytest.raises(RefusedError, match="moves"):
        cleaned(moving)


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 100)
    with pytest.raises(RefusedError, match="MB"):
        cleaned(photo_bytes())


def test_a_chart_says_what_it_shows() -> None:
    days = [86_400.0 * i for i in range(20_000, 20_006)]
    chart = Chart(
        what="humidity <wall>", unit="%", days_s=days, values=[70.0, 85.0, math.nan, 90.0, 80.0, 60.0],
        low=[65.0, 80.0, math.nan, 85.0, 75.0, 55.0], high=[75.0, 90.0, math.nan, 95.0, 85.0, 65.0],
        limit=(80.0, "80 % & more"),
    )  # fmt: skip
    said = alt_text(chart)
    assert "Lowest 60.0 % on 9 October 2024, highest 90.0 % on 7 October 2024. 5 of 6 days are known." in said
    assert said.endswith("At or above 80 % on 3 days.")
    drawn = svg(chart)
    assert drawn.count("<polyline") == drawn.count("<polygon") == 2
    assert "80 % &amp; more" in drawn
    assert "nan" not in drawn
    nothing = Chart(what="x", unit="%", days_s=days, values=[math.nan] * 6)
    assert alt_text(nothing) == "Chart of x: nothing is known in this period."


def test_hours_and_silences_are_the_same_in_pieces() -> None:
    rng = np.random.default_rng(3)
    at_s = np.sort(rng.uniform(-3600.0, 30 * 3600.0, 400))
    at_s = at_s[(at_s < 5000) | (at_s > 20_000)]
    values = rng.normal(size=at_s.size)
    values[::17] = np.nan
    whole, parts = HourMeans(0.0, 24, 1), HourMeans(0.0, 24, 1)
    whole.add(at_s, values)
    silences, single = Silences(0.0, 24 * 3600.0, 7200.0), Silences(0.0, 24 * 3600.0, 7200.0)
    single.add(at_s[at_s > 0])
    for piece in np.array_split(np.arange(at_s.size), 7):
        parts.add(at_s[piece], values[piece])
        silences.add(at_s[piece][at_s[piece] > 0])
    np.testing.assert_allclose(whole.means(), parts.means(), equal_nan=True)
    assert silences.found() == single.found()
    [(start, end)] = single.found()
    assert start < 5000 < 20_000 < end
    assert Silences(0.0, 7300.0, 7200.0).found() == ((0.0, 7300.0),)


def test_the_report_says_risk_and_blames_nobody() -> None:
    text = " ".join((*CANNOT_SHOW, *METHOD)).lower()
    for wrong in ("mould is present", "mould was found", "lifestyle", "tenant", "fault of", "your fault"):
        assert wrong not in text
    assert "whether anybody is at fault" in text

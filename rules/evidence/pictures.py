"""Photos as they come in: checked, turned upright, encoded anew, so that no metadata is left."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from rules.evidence.ports import RefusedError

MOST_BYTES = 20 * 2**20
MOST_PIXELS = 64_000_000
"""What is decoded at most: 64 megapixels are 200 MB in memory. Telephones take up to 50."""
LONGEST_PX = 2000
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 85
WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo without metadata, as JPEG; hashes in hexadecimal."""

    jpeg: bytes
    width: int
    height: int
    sha256: str
    original_sha256: str
    original_bytes: int


def cleaned(data: bytes) -> Picture:
    """Return a photo that holds its pixels and nothing else: no place, time, device or preview.

    Raises:
        RefusedError: it is too large, no JPEG, PNG or WebP, or damaged.
    """
    if len(data) > MOST_BYTES:
        raise RefusedError(
            f"The photo has {len(data) / 2**20:.1f} MB; at most {MOST_BYTES // 2**20} MB are taken."
        )
    try:
        image = _decoded(data)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=QUALITY, optimize=True)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise RefusedError(
            "The photo can't be read: send a JPEG, PNG or WebP that opens elsewhere."
        ) from error
    jpeg = out.getvalue()
    return Picture(
        jpeg,
        image.width,
        image.height,
        hashlib.sha256(jpeg).hexdigest(),
        hashlib.sha256(data).hexdigest(),
        len(data),
    )


def _decoded(data: bytes) -> Image.Image:
    """Return the upright pixels. The size is looked at before anything is decoded."""
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedError(_too_many()) from error
    with image:
        if image.width * image.height > MOST_PIXELS:
            raise RefusedError(_too_many())
        # Telephones hang a preview or depth behind a photo (MPO): the first picture is the photo.
        if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
            raise RefusedError("The photo moves: send a single picture.")
        image.draft("RGB", (LONGEST_PX, LONGEST_PX))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((LONGEST_PX, LONGEST_PX))
        return _plain(upright)


def _plain(image: Image.Image) -> Image.Image:
    """Return new pixels in RGB on white: nothing of what was attached comes along."""
    rgba = image.convert("RGBA")
    plain = Image.new("RGB", rgba.size, WHITE)
    plain.paste(rgba, mask=rgba.getchannel("A"))
    return plain


def _too_many() -> str:
    return f"The photo has more than {MOST_PIXELS // 1_000_000} megapixels."

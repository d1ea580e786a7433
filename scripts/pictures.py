"""Makes pictures of pages small enough for a repository."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

COLOURS = (256, 128, 64, 32)
MOST_BYTES = 200_000


def smaller(png: bytes, file: Path, width: int | None = None) -> Path:
    """Write a picture with as many colours as keep it below :data:`MOST_BYTES`; return its file.

    Args:
        png: as the browser took it.
        file: where to.
        width: of the picture [px]; None: as it is.
    """
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    if width is not None and width < picture.width:
        picture = picture.resize(
            (width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS
        )
    for colours in COLOURS:
        out = io.BytesIO()
        picture.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            out, "PNG", optimize=True
        )
        if out.tell() <= MOST_BYTES:
            break
    file.write_bytes(out.getvalue())
    return file

"""What a device said of its settings, held to what they may be. Pure: whatever a device sends is survived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from devices.contract.settings.check import typed
from devices.contract.settings.messages import Reported
from devices.contract.settings.model import Setting, Settings, Value
from ingest.fleet.core.diff import unlike

TEXT_MOST, LIST_MOST = 200, 40


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """A report with what it means."""

    said: Reported
    settings: dict[str, Value]
    differs: tuple[str, ...]


def understand(
    document: Any, declared: Mapping[str, Setting], versions: Mapping[int, Settings]
) -> Understood | str:
    """Return what a document says; a text where it is no report.

    Args:
        document: as the device sent it.
        declared: settings of its kind; others are left out.
        versions: what the versions that it may speak of set.
    """
    try:
        said = msgspec.convert(document, Reported, strict=True)
    except (msgspec.ValidationError, TypeError, ValueError) as e:
        return f"not understood: {e}"[:TEXT_MOST]
    said = msgspec.structs.replace(
        said,
        reasons=_texts(said.reasons),
        unknown=_texts(said.unknown),
        unused=_texts(said.unused),
        parts=_texts(said.parts),
        faults=_texts(said.faults),
        firmware=_text(said.firmware)[:60],
        boot=min(max(said.boot, 0), 2**62),
        about=said.about or said.version,
    )
    held = {n: _held(declared[n], v) for n, v in said.settings.items() if n in declared}
    settings = {n: v for n, v in held.items() if v is not None}
    desired = versions.get(said.version, {})
    differs = unlike(desired, settings, declared, (*said.unknown, *said.unused))
    return Understood(said=said, settings=settings, differs=differs)


def _held(setting: Setting, value: Value) -> Value | None:
    """Return a value as its setting's type (120.0 of a whole number is 120); None where it is not allowed."""
    if setting.type == "pem":
        return value if isinstance(value, str) and value.startswith("sha256:") and len(value) <= 80 else None
    return typed(setting, value)


def _texts(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(_text(text) for text in list(found)[:LIST_MOST])


def _text(text: str) -> str:
    """Return a line that any database and page takes."""
    return "".join(c if c.isprintable() else " " for c in text.encode("utf-8", "replace").decode())[
        :TEXT_MOST
    ]

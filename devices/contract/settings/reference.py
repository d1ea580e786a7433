"""The reference page of the settings, as Markdown, derived from their declaration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from devices.contract.kind import Kind
from devices.contract.settings.declared import CALIBRATION, settings_of
from devices.contract.settings.model import Setting, shown

HEAD = """# Settings of devices

Derived from `devices/contract/settings/declared.py`; `cityops fleet settings --markdown docs/device-settings.md` writes it.
How they get to a device and back: [fleet settings](fleet-settings.md). Both ends of a range are allowed. A setting that nobody sets is as the
device was installed: what its own file says, else the default given here.

**Taken back** marks those that could cut a device off: unless the change is confirmed in time, the device takes it back by itself.
**Command only** marks those that the website does not set.
"""


def page(kinds: Iterable[Kind]) -> str:
    """Return the page of the settings of ``kinds``."""
    return "\n".join([HEAD, *_lines(tuple(kinds))])


def _lines(kinds: tuple[Kind, ...]) -> Iterator[str]:
    by_kind = {kind.name: settings_of(kind) for kind in kinds}
    every: dict[str, Setting] = {n: s for settings in by_kind.values() for n, s in settings.items()}
    sections = dict.fromkeys(s.section for s in every.values())
    for section in sections:
        yield f"## {section}\n"
        if section == CALIBRATION:
            yield from _calibration(by_kind)
            continue
        yield "| setting | what | allowed | default | kinds | |"
        yield "| --- | --- | --- | --- | --- | --- |"
        for s in every.values():
            if s.section == section:
                yield _row(s)
        yield ""


def _row(s: Setting) -> str:
    marks = [word for word, on in (("taken back", s.cuts_off), ("command only", s.command_only)) if on]
    kinds = ", ".join(sorted(s.kinds)) or "all"
    default = "as installed" if s.default is None else f"`{shown(s.default)}`"
    what = f"{s.title}. {s.description}"
    allowed = "a host name or an address" if s.name == "broker.host" else s.allowed()
    return f"| `{s.name}` | {what} | {allowed} | {default} | {kinds} | {', '.join(marks)} |"


def _calibration(by_kind: Mapping[str, Mapping[str, Setting]]) -> Iterator[str]:
    yield "What a sensor gave times the gain plus the offset is what is sent, held to the field's range. The server's own `calibration`"
    yield "([damp](damp.md)) corrects what was stored and keeps what was read: correct a sensor in one of the two places.\n"
    yield "| kind | setting | allowed | default |"
    yield "| --- | --- | --- | --- |"
    for kind, settings in by_kind.items():
        for s in settings.values():
            if s.section == CALIBRATION:
                yield f"| {kind} | `{s.name}` | {s.allowed()} | `{shown(s.default)}` |"
    yield ""

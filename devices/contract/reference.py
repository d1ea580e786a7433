"""The reference page of the kinds, as Markdown, derived from their declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from devices.contract.kind import Field, Kind

HEAD = """# Kinds of device

Derived from `devices/contract/kinds/`; `make docs` writes it. Each reading also carries `ts`, `boot` and
`seq` (see [architecture](architecture.md)). A value outside its range, or one with which a chip reports a fault, makes the
reading a dead letter with the reason. Both ends of a range are allowed; 0 is a value.
"""


def page(kinds: Iterable[Kind]) -> str:
    """Return the page of ``kinds``, in their order."""
    return "\n".join([HEAD, *(line for kind in kinds for line in _section(kind))])


def _section(kind: Kind) -> Iterator[str]:
    yield f"## `{kind.name}`: {kind.title}\n"
    at_times = "" if kind.continuous else " (while it works; how many readings there should be is not known)"
    yield f"{kind.description} Usual interval: {_interval(kind.cadence_s)}{at_times}. Table `{kind.table}`.\n"
    yield "| field | what | unit | UCUM | range | step | fault values | |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for f in kind.fields:
        yield _row(f)
    for group in kind.at_least_one_of:
        yield f"\nAt least one of {', '.join(f'`{name}`' for name in group)} is required."
    yield ""


def _row(f: Field) -> str:
    codes = "; ".join(f"{code} {meaning}" for code, meaning in f.codes.items())
    what = f"{f.title}: {codes}" if codes else f.title
    faults = ", ".join(f"{s:g}" for s in f.sentinels)
    return (
        f"| `{f.name}` | {what} | {f.quantity.symbol} | `{f.quantity.ucum}` | {f.minimum:g} … {f.maximum:g} "
        f"| {f.resolution:g} | {faults} | {'required' if f.required else ''} |"
    )


def _interval(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"

"""What a check of a pack found, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ops_api.terminal_text import escaped
from rules.core.evidence.check import described
from rules.evidence.keys import PublicKey
from rules.evidence.unpacking import Verdict

SHOWN = 20


def verdict_lines(found: Verdict, compared: PublicKey | None) -> list[str]:
    """Return the answer first, then what is the matter, then who signed; what the file says is escaped."""
    lines = [
        _answer(found),
        *_contents(found),
        *_files(found),
        *found.trouble,
        *_container(found),
        _who(found, compared),
    ]
    return [escaped(line) for line in lines]


def _answer(found: Verdict) -> str:
    if found.intact:
        return "INTACT: every byte is as it was made and signed."
    if found.whole and found.expected is None:
        return "WHOLE, signer not checked: every byte is as somebody signed it, and anybody can sign."
    clean = found.findings is not None and found.findings.clean and found.signed and not found.trouble
    if clean and found.sealed:
        return "SIGNED BY ANOTHER KEY: it is whole, but not signed by who was expected."
    if clean and found.expected is not False:
        return "CHANGED, but not its contents: every file and the manifest are as signed; the zip around them is not as made."
    return "CHANGED: this is not the pack as it was made."


def _contents(found: Verdict) -> list[str]:
    m = found.manifest
    if m is None:
        return []
    cut = [f"shown is less: {m.shown.cut}"] if m.shown.cut else []
    return [f"pack {m.pack_id}: {m.home}, {m.from_day} to {m.to_day}, made {m.made_at}", *cut]


def _files(found: Verdict) -> list[str]:
    f = found.findings
    if f is None:
        return []
    lines = [f"intact: {f.intact:,} files"]
    groups = (
        ("changed", f.changed), ("missing", f.missing), ("added", f.added), ("not where it was", f.reordered),
        ("chain broken at", f.broken),
    )  # fmt: skip
    for word, paths in groups:
        lines += _listed(word, described(paths, f.about))
    if not found.signed:
        lines.append("the manifest is not what was signed: what it lists may have been changed too")
    return lines


def _listed(word: str, lines: Sequence[str]) -> list[str]:
    more = [f"{word}: and {len(lines) - SHOWN:,} more"] if len(lines) > SHOWN else []
    return [f"{word}: {line}" for line in lines[:SHOWN]] + more


def _container(found: Verdict) -> list[str]:
    if found.sealed or not found.readable:
        return []
    return ["the file as a whole is not as it was sealed: at least one byte of it was changed"]


def _who(found: Verdict, compared: PublicKey | None) -> str:
    if found.key is None:
        return "signed by: nobody that can be named"
    signed = "signed" if found.signed else "says it was signed"
    if compared is None:
        return (
            f"{signed} with key {found.key.key_id}: get the key of who should have made it from them (`cityops evidence key`, or "
            "/api/v1/evidence/key of their service), and give it with --key"
        )
    if found.expected:
        return f"{signed} with key {found.key.key_id}: the expected key"
    return (
        f"{signed} with key {found.key.key_id}, and not with the expected key {compared.key_id}: made elsewhere "
        "(then give that installation's key with --key), or signed anew by somebody else"
    )


def verdict_document(found: Verdict) -> dict[str, Any]:
    """Return the same for programs."""
    f, m = found.findings, found.manifest
    return {
        "intact": found.intact,
        "whole": found.whole,
        "readable": found.readable,
        "manifest_signed": found.signed,
        "file_sealed": found.sealed,
        "key_id": None if found.key is None else found.key.key_id,
        "expected_key": found.expected,
        "pack_id": None if m is None else m.pack_id,
        "intact_files": None if f is None else f.intact,
        "changed": [] if f is None else list(f.changed),
        "missing": [] if f is None else list(f.missing),
        "added": [] if f is None else list(f.added),
        "reordered": [] if f is None else list(f.reordered),
        "chain_broken": [] if f is None else list(f.broken),
        "trouble": list(found.trouble),
    }

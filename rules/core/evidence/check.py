"""What a check of a pack finds: a pure comparison of what is there with what the manifest lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from rules.core.evidence.manifest import MANIFEST, SIGNATURE, Day, Manifest, Series, broken_links, paths
from rules.core.legal_clock.working_days import in_words


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is in the pack; ``sha256`` None: it can't be read."""

    path: str
    bytes: int
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is the matter with a pack's contents; all empty where they are as the manifest lists them.

    Attributes:
        intact: files that are exactly as listed.
        changed, missing, added: paths.
        reordered: paths that are not where they were; doubled ones too.
        broken: days whose link does not follow: the manifest itself was changed there.
        about: path to words for a person.
    """

    intact: int
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    reordered: tuple[str, ...]
    broken: tuple[str, ...]
    about: Mapping[str, str]

    @property
    def clean(self) -> bool:
        """Whether nothing is the matter."""
        return not (self.changed or self.missing or self.added or self.reordered or self.broken)


def compare(manifest: Manifest, found: Sequence[Found]) -> Findings:
    """Return what differs.

    Args:
        manifest: of the pack, whoever wrote it.
        found: files in the order in which they lie in the pack.
    """
    listed = {path: (size, sha256) for path, size, sha256 in paths(manifest)}
    there = {f.path: f for f in found if f.path not in (MANIFEST, SIGNATURE)}
    changed = [p for p, f in there.items() if p in listed and (f.bytes, f.sha256) != listed[p]]
    return Findings(
        intact=sum(p in listed for p in there) - len(changed),
        changed=tuple(changed),
        missing=tuple(p for p in listed if p not in there),
        added=tuple(p for p in there if p not in listed),
        reordered=_reordered(tuple(listed), [f.path for f in found]),
        broken=tuple(dict.fromkeys(day.path for series in manifest.series for day in _broken(series))),
        about=_about(manifest),
    )


def _broken(series: Series) -> list[Day]:
    """Return the days whose link does not follow, and those that are not after the day before them."""
    return [*broken_links(series), *(d for before, d in pairwise(series.days) if d.day <= before.day)]


def _reordered(listed: Sequence[str], found: Sequence[str]) -> tuple[str, ...]:
    """Return the paths that come after one that the manifest lists later, and those that come twice."""
    place = {path: i for i, path in enumerate((*listed, MANIFEST, SIGNATURE))}
    moved, latest, seen = [], -1, set()
    for path in found:
        if path in seen or place.get(path, latest) < latest:
            moved.append(path)
        seen.add(path)
        latest = max(latest, place.get(path, latest))
    return tuple(dict.fromkeys(moved))


def _about(manifest: Manifest) -> dict[str, str]:
    about = {
        day.path: f"readings of {series.label} on {_day(day.day)}"
        for series in manifest.series
        for day in series.days
    }
    return about | {file.path: file.what for file in manifest.files}


def _day(text: str) -> str:
    try:
        return in_words(date.fromisoformat(text))
    except ValueError:  # a manifest that somebody else wrote
        return text


def described(all_paths: Iterable[str], about: Mapping[str, str]) -> list[str]:
    """Return lines for a person: what it is, and the file."""
    return [f"{about[p]} ({p})" if about.get(p) else p for p in all_paths]

"""What a device's file says beside what a claim writes: its sensors, page, eyes and updates stay when it gets a new name.

A statement of TOML ends with a line that is in no string and no bracket. The file is cut there in one pass, and what a statement
names is parsed: so whatever quotes, dots, strings and arrays over several lines there are, they are read as the agent does.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CLAIMED = frozenset({"device", "broker", "server"})
"""Sections that a claim writes."""
OWN = {"broker": ("keepalive_s",), "server": ("rotate_days",)}
"""What these say that a claim has no word on: somebody set it for this device, whatever its name."""


_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\])*"|'[^']*'|#[^\n]*|[\[\]{}\n]''', re.DOTALL
)
"""Strings of each kind and comments, whole; brackets and ends of lines outside them."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a claim does not write, as it stands, comments included.

    Attributes:
        top: what stands before any header; it must again.
        sections: from a header on.
        own: numbers of sections that a claim writes, as ``rotate_days = 0``, by section; see :data:`OWN`.
    """

    top: str = ""
    sections: str = ""
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.top or self.sections or self.own)

    @property
    def names(self) -> Collection[str]:
        """The sections that it has, however they are spelled."""
        return tomllib.loads(f"{self.top}\n{self.sections}").keys()


def kept_in(path: Path) -> tuple[Kept, str]:
    """Return what is kept of a file, and in words why nothing is; there is nothing to say where there is no file."""
    try:
        kept = kept_of(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Kept(), ""
    except OSError as e:
        return Kept(), f"{path} can't be read, so that nothing of it was kept: {e.strerror}"
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        return Kept(), f"{path} is no TOML, so that nothing of it was kept: {e}"
    return kept, "" if kept else f"{path} says nothing but what a claim writes: there was nothing to keep"


def kept_of(text: str) -> Kept:
    """Return what a claim does not write of a configuration; TOMLDecodeError where it is none.

    A comment stays with the section that it is in; one right above something that stays does too.
    """
    text = text.replace("\r\n", "\n")
    own = _own(tomllib.loads(text))
    top, sections = list[str](), list[str]()
    here, is_kept, comments = top, False, list[str]()
    for statement, name in _statements(text):
        if name is None:
            comments.append(statement)
            if not statement.strip():
                here += comments if is_kept else []
                comments = []
            continue
        is_header, was_kept = statement.lstrip().startswith("["), is_kept
        if is_header or here is top:
            is_kept = name not in CLAIMED
        if was_kept and not is_kept:
            here += comments
        if is_header:
            here = sections
        if is_kept:
            here += [*comments, statement]
        comments = []
    here += comments if is_kept else []
    return Kept("\n".join(top).strip("\n"), "\n".join(sections).strip("\n"), own)


def _own(parsed: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for section, names in OWN.items():
        said = parsed.get(section)
        numbers = {name: said.get(name) for name in names} if isinstance(said, dict) else {}
        lines = tuple(f"{name} = {value}" for name, value in numbers.items() if type(value) is int)
        if lines:
            found[section] = lines
    return found


def _statements(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield each statement of a configuration that parses, with the first part of its key; None: a comment, an empty line."""
    begin = depth = 0
    for token in _TOKEN.finditer(text + "\n"):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        elif token[0] == "\n" and depth == 0:
            statement = text[begin : token.start()]
            yield statement, next(iter(tomllib.loads(statement)), None)
            begin = token.end()

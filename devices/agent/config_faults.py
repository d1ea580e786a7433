"""Everything that is wrong with a configuration at once, with what was probably meant. Pure.

msgspec stops at the first fault; whoever mends a file on a Pi by a slow line wants them all. So the raw
file is walked along the declared structs, and each value is judged by itself.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Union, get_args, get_origin

import msgspec


def faults(raw: object, to: Any, at: str = "") -> Iterator[str]:
    """Yield what is wrong with ``raw`` as a value of the type ``to``, each with its place ``at`` in the file."""
    options = _options(to)
    structs = [option for option in options if _is_struct(option)]
    if structs and len(structs) == len(options):
        yield from _struct_faults(raw, structs, at)
    elif get_origin(to) in (tuple, list) and isinstance(raw, list):
        for number, item in enumerate(raw):
            yield from faults(item, get_args(to)[0], f"{at}[{number}]")
    else:
        yield from _value_faults(raw, to, at)


def listed(place: str, found: Sequence[str]) -> str:
    """Return the faults ``found`` in the file ``place`` as one text for a person."""
    if len(found) == 1:
        return f"{place}: {found[0]}"
    return f"{place}: {len(found)} things are wrong\n" + "\n".join(f"  - {fault}" for fault in found)


def meant(word: str, known: Sequence[str]) -> str:
    """Return what was probably meant by ``word``, else all that there is."""
    from difflib import get_close_matches  # only where something is wrong

    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(known))}"


def _options(to: Any) -> list[Any]:
    if get_origin(to) in (Union, types.UnionType):
        return [option for option in get_args(to) if option is not types.NoneType]
    return [to]


def _is_struct(to: Any) -> bool:
    return isinstance(to, type) and issubclass(to, msgspec.Struct)


def _struct_faults(raw: object, structs: Sequence[type[msgspec.Struct]], at: str) -> Iterator[str]:
    if not isinstance(raw, Mapping):
        yield f"{at} {raw!r} is no section; write [{at}] and what belongs to it below"
        return
    config = structs[0].__struct_config__
    tags = {str(s.__struct_config__.tag): s for s in structs} if config.tag_field is not None else {}
    chosen: type[msgspec.Struct] = structs[0]
    if config.tag_field is not None:
        tag = raw.get(config.tag_field)
        if not isinstance(tag, str) or tag not in tags:
            yield _wrong_tag(config.tag_field, tag, sorted(tags), at)
            return
        chosen = tags[tag]
    yield from _key_faults(raw, chosen, config.tag_field, at)


def _key_faults(
    raw: Mapping[str, object], struct: type[msgspec.Struct], tag_field: str | None, at: str
) -> Iterator[str]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for name, value in raw.items():
        if name in fields:
            yield from faults(value, fields[name].type, _below(at, name))
        elif name != tag_field:
            yield f"{_below(at, name)} is not known; {meant(name, list(fields))}"
    for name, field in fields.items():
        if field.required and name not in raw:
            yield f"{_below(at, name)} is missing"


def _value_faults(raw: object, to: Any, at: str) -> Iterator[str]:
    try:
        msgspec.convert(raw, to)
    except msgspec.ValidationError as e:
        expected = str(e).partition(" - at ")[0].replace("`", "")
        yield f"{at} {raw!r}: {expected[:1].lower()}{expected[1:]}"


def _wrong_tag(field: str, tag: object, known: Sequence[str], at: str) -> str:
    if tag is None:
        return f"{_below(at, field)} is missing; there are {', '.join(known)}"
    return f"{_below(at, field)} {tag!r} does not exist; {meant(str(tag), known)}"


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name

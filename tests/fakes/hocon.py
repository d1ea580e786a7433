"""As much of HOCON as a configuration file of ours needs: objects, dotted keys, lists, plain values."""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r'\s*(?:(?:#|//)[^\n]*|("(?:[^"\\]|\\.)*")|([{}\[\]=,])|([^\s{}\[\]=,#"]+))')


def parse(text: str) -> dict[str, Any]:
    """Return the tree; values are texts.

    Raises:
        ValueError: the text is not well-formed, or sets a key twice.
    """
    tokens = _tokens(text)
    tree = _members(tokens, "")
    if tokens:
        raise ValueError(f"unexpected {tokens[0]!r}")
    return tree


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"not understood: {text[at : at + 40]!r}")
        found += [group for group in match.groups() if group is not None]
        at = match.end()
    return found


def _members(tokens: list[str], end: str) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    while tokens and tokens[0] != end:
        key = tokens.pop(0)
        if tokens[0] == "=":
            tokens.pop(0)
        _put(tree, key.strip('"').split("."), _value(tokens), key)
        if tokens and tokens[0] == ",":
            tokens.pop(0)
    if end:
        _expect(tokens, end)
    return tree


def _value(tokens: list[str]) -> Any:
    token = tokens.pop(0)
    if token == "{":
        return _members(tokens, "}")
    if token == "[":
        items: list[Any] = []
        while tokens and tokens[0] != "]":
            items.append(_value(tokens))
            if tokens and tokens[0] == ",":
                tokens.pop(0)
        _expect(tokens, "]")
        return items
    if token in "}]=,":
        raise ValueError(f"a value is missing before {token!r}")
    return token[1:-1] if token.startswith('"') else token


def _put(tree: dict[str, Any], path: list[str], value: Any, key: str) -> None:
    *parents, last = path
    for name in parents:
        tree = tree.setdefault(name, {})
    if isinstance(value, dict) and isinstance(tree.get(last), dict):
        tree[last] |= value
    elif last in tree:
        raise ValueError(f"{key} is set twice")
    else:
        tree[last] = value


def _expect(tokens: list[str], token: str) -> None:
    if not tokens or tokens.pop(0) != token:
        raise ValueError(f"{token!r} is missing")

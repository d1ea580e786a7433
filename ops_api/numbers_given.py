"""Numbers as requests give them: pydantic takes yes or no for one, and who sends that has made a mistake."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator


def _no_truth(value: object) -> object:
    """Return ``value``, where it is neither yes nor no.

    Raises:
        ValueError: it is.
    """
    if isinstance(value, bool):
        raise ValueError("write a number")
    return value


Number = Annotated[float, BeforeValidator(_no_truth)]
Integer = Annotated[int, BeforeValidator(_no_truth)]
"""A whole number."""

"""What is wrong with a request, in words and with the place."""

from __future__ import annotations


class FilterError(ValueError):
    """A query option that cannot be answered: HTTP 400.

    Attributes:
        message: what is wrong, and what would be right, for whoever wrote it.
        position: characters before the place in the option's text.
        option: the option it stands in, with its ``$``.
    """

    def __init__(self, message: str, position: int = 0, option: str = "$filter") -> None:
        self.message = message
        self.position = position
        self.option = option
        super().__init__(message)

    def __str__(self) -> str:
        return f"{self.option}, at character {self.position + 1}: {self.message}"


class PathError(LookupError):
    """An address that names nothing: HTTP 404."""

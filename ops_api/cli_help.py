"""How commands are declared, so that every help ends with examples and is there at once.

Plain text instead of typer's boxes: those import a Markdown renderer and a syntax
highlighter, which takes longer than everything else in ``--help`` together.
"""

from __future__ import annotations

import typer

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}


def group(text: str) -> typer.Typer:
    """Return a group of commands with the help ``text``."""
    return typer.Typer(
        help=text,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=HELP_OPTIONS,
    )


def examples(*lines: str) -> str:
    """Return an epilogue of ``lines`` as they are typed; a line that starts with # is a remark."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])

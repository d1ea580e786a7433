"""The options of ``cityops verify durability``, declared apart so that the command itself stays short."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Messages = Annotated[
    int | None,
    typer.Option(min=1, help="Readings to publish.  [default: 100000, where no --seconds is given]"),
]
Faults = Annotated[
    str, typer.Option(help="Names, comma-separated, or `all` or `none`; see `cityops verify faults`.")
]
Times = Annotated[
    int | None,
    typer.Option(min=1, help="How often each of the faults happens.  [default: 3, or as --seconds allows]"),
]
Seed = Annotated[
    int | None,
    typer.Option(help="Of the order, times and lengths of the faults.  [default: a new one, printed]"),
]
Devices = Annotated[int, typer.Option(min=1, max=5000, help="Devices, each with its own connection.")]
Ingesters = Annotated[int, typer.Option(min=1, max=8, help="Ingester processes.")]
Rate = Annotated[float, typer.Option(min=1.0, help="Readings a second at most.")]
Seconds = Annotated[float | None, typer.Option(min=1.0, help="Publish for so long, instead of --messages.")]
DataDir = Annotated[Path | None, typer.Option(help="Where the stack keeps its data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
KeepHistory = Annotated[
    Path | None, typer.Option(help="File for the history of every reading; an old one is replaced.")
]

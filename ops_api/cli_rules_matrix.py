"""``cityops rules matrix``: an authority's own treatment matrix, from a spreadsheet into a catalogue."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cityops.errors import ConfigurationError
from ops_api.cli_catalogues import live_or_shipped
from ops_api.cli_help import examples

if TYPE_CHECKING:
    from rules.catalogue.faults import Fault
    from rules.core.matrix import MatrixRow

app = typer.Typer(
    no_args_is_help=True, help="Treatment matrices: how much salt for which road and temperature."
)
EXAMPLES = examples(
    "cityops rules matrix show --csv > ours.csv",
    "cityops rules matrix check ours.csv",
    "cityops rules matrix import ours.csv --id ours_2026 --source 'Winter service plan 2026, table 4' --into ./rules",
)
Csv = Annotated[Path, typer.Argument(help="A matrix as CSV.", metavar="FILE.csv")]
NAME = r"[a-z0-9_]+"


@app.command(
    "show", epilog=examples("cityops rules matrix show", "cityops rules matrix show --csv > ours.csv")
)
def show(as_csv: Annotated[bool, typer.Option("--csv", help="As a file to begin with.")] = False) -> None:
    """Show the matrix that the rules use, with the physical dose beside each cell. Rates in g/m²."""
    from rules.catalogue.matrix_csv import as_csv as to_csv
    from rules.catalogue.matrix_text import matrix_lines

    catalogue, _ = live_or_shipped()
    if as_csv:
        typer.echo(to_csv(catalogue.matrix), nl=False)
        return
    typer.echo("\n".join(matrix_lines(catalogue.matrix, catalogue.gritting.parameters.dose)))


@app.command("check", epilog=examples("cityops rules matrix check ours.csv"))
def check(file: Csv) -> None:
    """Say everything that is wrong or odd in a matrix, with its line. Exit code 2 where it can't be used.

    What it has no rate for is not an error: the duty officer decides there.
    """
    rows, faults, odd = _looked_at(file)
    for fault in faults:
        typer.echo(str(fault))
    for fault in odd:
        typer.echo(f"{fault} (warning)")
    typer.echo(f"{len(rows)} rows, {len(faults)} errors, {len(odd)} warnings")
    if faults:
        raise typer.Exit(2)


@app.command(
    "import",
    epilog=examples(
        "cityops rules matrix import ours.csv --id ours_2026 --source 'Winter service plan 2026' --into ./rules --use"
    ),
)
def import_(
    file: Csv,
    matrix_id: Annotated[str, typer.Option("--id", help="Its name: small letters, digits and _.")],
    source: Annotated[str, typer.Option(help="Where its figures come from.")],
    into: Annotated[Path, typer.Option(help="Folder of a catalogue; made where there is none.")],
    use: Annotated[bool, typer.Option("--use", help="Let winter.gritting name it.")] = False,
) -> None:
    """Put a matrix into a catalogue; promote the catalogue to use it. Its version is the one before plus one."""
    from rules.catalogue.matrix_csv import as_toml
    from rules.core.matrix import TreatmentMatrix

    if not re.fullmatch(NAME, matrix_id) or not source.strip():
        raise ConfigurationError(
            f"--id {matrix_id!r}: small letters, digits and _ are allowed; --source must not be empty"
        )
    rows, faults, _ = _looked_at(file)
    if faults:
        more = f" (and {len(faults) - 1} more: cityops rules matrix check {file})" if len(faults) > 1 else ""
        raise ConfigurationError(f"{faults[0]}{more}")
    path = into / f"matrix_{matrix_id}.toml"
    _prepare(into)
    matrix = TreatmentMatrix(id=matrix_id, version=_version_after(path), source=source.strip(), rows=rows)
    path.write_text(as_toml(matrix), encoding="utf-8")
    typer.echo(f"{path}: {matrix_id} v{matrix.version}, {len(rows)} rows")
    if use:
        typer.echo(_named(into / "winter_gritting.toml", matrix_id))
    typer.echo(
        f"next: cityops rules check {into}, rules replay --catalogue {into} --diff, rules promote {into}"
    )


def _looked_at(file: Path) -> tuple[tuple[MatrixRow, ...], list[Fault], list[Fault]]:
    """Return the rows of a file, what is wrong with it, and what is odd or left open."""
    from rules.catalogue.matrix_csv import faults_of, read_csv
    from rules.core.matrix_check import gaps_of, oddities_of

    try:
        text = file.read_text(encoding="utf-8")
    except OSError as e:
        raise ConfigurationError(f"{file} can't be read: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise ConfigurationError(f"{file} is no UTF-8 text: {e.reason} at byte {e.start}") from e
    rows, lines, faults = read_csv(str(file), text)
    if faults:
        return rows, list(faults), []
    dose = live_or_shipped()[0].gritting.parameters.dose
    return rows, [], faults_of(str(file), lines, [*oddities_of(rows, dose), *gaps_of(rows)])


def _prepare(folder: Path) -> None:
    """Make a folder with the catalogue that is in use, where there is none."""
    from rules.catalogue.loader import read_files

    if folder.is_dir():
        read_files(folder)
        return
    _, files = live_or_shipped()
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _version_after(path: Path) -> int:
    found = (
        re.search(r"^version = (\d+)$", path.read_text(encoding="utf-8"), re.M) if path.is_file() else None
    )
    return 1 if found is None else int(found[1]) + 1


def _named(path: Path, matrix_id: str) -> str:
    """Let a rule's file name a matrix, and raise its version."""
    text = path.read_text(encoding="utf-8")
    changed, n = re.subn(r'^matrix = ".*?"', f'matrix = "{matrix_id}"', text, flags=re.M)
    if n != 1:
        raise ConfigurationError(
            f"{path}: there is no line that begins with matrix =; name {matrix_id!r} there"
        )
    if changed == text:
        return f"{path}: names it already"
    raised = re.sub(
        r"^version = (\d+)$", lambda m: f"version = {int(m[1]) + 1}", changed, count=1, flags=re.M
    )
    path.write_text(raised, encoding="utf-8")
    return f"{path}: names it now, with its version raised"

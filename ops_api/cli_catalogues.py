"""How commands get at the catalogues and overrides that are kept, and at those in folders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from cityops.errors import ConfigurationError
from ops_api.cli_desk import through

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rules.catalogue.ports import CatalogueStore
    from rules.core.parameters import Catalogue

T = TypeVar("T")


def with_catalogues(work: Callable[[CatalogueStore], Awaitable[T]]) -> T:
    """Run ``work`` on the catalogues of this installation's database."""
    from ops_api.wiring_catalogue import catalogues_of

    return through(catalogues_of, work)


def usable(folder: Path | None) -> dict[str, str]:
    """Return the files of a folder, or of this version.

    Raises:
        ConfigurationError: there is any error in them.
    """
    from rules.catalogue.check import check as find
    from rules.catalogue.loader import SHIPPED as OURS
    from rules.catalogue.loader import read_files

    where = OURS if folder is None else folder
    files = read_files(where)
    errors = find(files).errors
    if errors:
        more = f" (and {len(errors) - 1} more: cityops rules check {where})" if len(errors) > 1 else ""
        raise ConfigurationError(f"{where}/{errors[0]}{more}")
    return files


def live_or_shipped() -> tuple[Catalogue, Mapping[str, str]]:
    """Return the catalogue that runs, of a configured database, and its files; without one this version's.

    A file that the live one does not have is this version's: the desk goes by that.
    """
    import typer

    from cityops.errors import TransientError
    from rules.catalogue.loader import load, read_files
    from rules.catalogue.rulebook import readable

    shipped = read_files()
    if not has_database():
        return load(), shipped
    try:
        live = with_catalogues(lambda store: store.live())
        return (load(), shipped) if live is None else (readable(live), {**shipped, **live.files})
    except (ConfigurationError, TransientError) as e:
        typer.echo(f"compared with this version's catalogue: {e}", err=True)
        return load(), shipped


def has_database() -> bool:
    """Whether a database is configured, or the embedded one of this installation runs."""
    from cityops.settings import load_settings
    from ops_api.own_database import running_database

    settings = load_settings()
    return bool(settings.db.dsn) or running_database(settings.data_dir) is not None

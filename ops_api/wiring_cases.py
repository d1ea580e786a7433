"""Composition of what REST needs of cases: the book, the law, the public key."""

from __future__ import annotations

from pathlib import Path

from ops_api.routers.context import Cases
from rules.catalogue.law_files import load_law
from rules.evidence.book import PostgresBook
from rules.evidence.keys import published


def cases_on(data_dir: Path) -> Cases:
    """Return the parts with a data directory.

    Raises:
        ConfigurationError: the law's files can't be read.
    """
    law, days = load_law()

    def public_key() -> tuple[str, str] | None:
        key = published(data_dir)
        return None if key is None else (key.pem, key.key_id)

    return Cases(book_on=PostgresBook, law=law, days=days, public_key=public_key)

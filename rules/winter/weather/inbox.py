"""A folder into which forecast files are put: each is read once, when it is written to its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cityops.errors import ConfigurationError
from rules.core.weather_forecast import WeatherForecast
from rules.winter.weather.files import STATION, Format, read_file
from rules.winter.weather.formats.given import Given
from rules.winter.weather.ports import Added, WeatherForecasts

UNFINISHED = (".part", ".tmp", ".partial", ".crdownload")
"""Endings of files that their writers rename when they are done."""

Mark = tuple[int, int]
"""A file's size and time of change: what is compared."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file.

    Attributes:
        path: of it.
        forecasts: what was read.
        added: what became of each.
        wrong: why nothing was read; empty where it was.
    """

    path: Path
    forecasts: tuple[WeatherForecast, ...] = ()
    added: tuple[Added, ...] = ()
    wrong: str = ""


@dataclass
class Inbox:
    """Follows a folder. Files stay where they are; a changed one is read again.

    Attributes:
        folder: of the files; its subfolders are not looked into.
        store: where forecasts are kept. What is there already is not kept twice, so a restart costs nothing but reading.
        by: who brings them.
        given: what is said of all files beside.
        form: their format; None: told from each.
    """

    folder: Path
    store: WeatherForecasts
    by: str
    given: Given = field(default_factory=Given)
    form: Format | None = None
    _seen: dict[Path, Mark] = field(default_factory=dict)
    _done: dict[Path, Mark] = field(default_factory=dict)

    async def look(self, *, settled: bool = False) -> list[Taken]:
        """Read the files that are new and did not change since the last look; ``settled``: all that are new.

        Raises:
            ConfigurationError: the folder is not there.
            TransientError: the database does not answer; files that were not kept are read again.
        """
        marks = dict(self._marks())
        due = [p for p, m in marks.items() if self._done.get(p) != m and (settled or self._seen.get(p) == m)]
        self._seen = marks
        self._done = {p: m for p, m in self._done.items() if p in marks}
        taken = []
        for path in due:
            taken.append(await self._take(path))
            self._done[path] = marks[path]
        return taken

    def _marks(self) -> Iterator[tuple[Path, Mark]]:
        try:
            found = sorted(self.folder.iterdir())
        except OSError as error:
            raise ConfigurationError(f"{self.folder}: {error.strerror}") from None
        for path in found:
            if path.name.startswith(".") or path.name == STATION or path.suffix in UNFINISHED:
                continue
            try:
                state = path.stat()
            except FileNotFoundError:  # renamed meanwhile
                continue
            if path.is_file():
                yield path, (state.st_size, state.st_mtime_ns)

    async def _take(self, path: Path) -> Taken:
        try:
            forecasts = tuple(read_file(path, self.given, self.form))
        except ConfigurationError as error:
            return Taken(path, wrong=str(error))
        return Taken(path, forecasts, tuple(await self.store.add(forecasts, self.by)))

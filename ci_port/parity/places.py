"""Places as people write them: files from the current directory, where they stand below it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ci_port.model import Observation, Place, RunFailed


def shown(path: Path) -> str:
    """Return a path as people write it here: relative where it is below."""
    return str(_below(path) or path)


def place_text(place: Place) -> str:
    """Return a place as `file:line in function`, the file seen from here where it is below."""
    return str(replace(place, file=str(_below(Path(place.file)) or place.file)))


def _below(path: Path) -> Path | None:
    here = Path.cwd()
    return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else None


class FromHere:
    """Rewrites the places of observations; each place once, since a thousand runs name the same few thousand."""

    def __init__(self) -> None:
        self._places: dict[Place, Place] = {}

    def observation(self, observation: Observation) -> Observation:
        """Return the observation with its places seen from here."""
        return replace(
            observation,
            places=tuple(map(self.place, observation.places)),
            unanswered=tuple(replace(probe, place=self.place(probe.place)) for probe in observation.unanswered),
            lines={shown(Path(file)): lines for file, lines in observation.lines.items()},
        )

    def failure(self, failed: RunFailed) -> RunFailed:
        """Return the failure with its place, if it has one, seen from here."""
        return RunFailed(failed.problem, self.place(failed.place) if failed.place else None, failed.command)

    def place(self, place: Place) -> Place:
        """Return the place seen from here."""
        if place not in self._places:
            self._places[place] = replace(place, file=shown(Path(place.file)))
        return self._places[place]

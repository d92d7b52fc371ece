"""The two programs as this room knows them, and the work of asking them for their plans no oftener than needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci_port.model import Case
from ci_port.review import untouched
from ci_port.review.cache import Cache, key_of
from ci_port.review.plansets import PlanSet


@dataclass(frozen=True, slots=True)
class Program:
    """A script or a port, of today or of another revision; `name` is how people write it.

    Both callables take the script's path, or the folder that the port is imported from. `key` returns all that its
    plans depend on beside the cases; `plans` asks for them, and raises RunFailed where the program cannot be asked.
    """

    name: str
    key: Callable[[Path], Sequence[str]]
    plans: Callable[[Path, Sequence[Case]], PlanSet]


@dataclass(frozen=True, slots=True)
class Work:
    """What all comparisons of plan sets share.

    The files are those of today; `port_file` is asked only where it matters, and says None for a port that cannot be
    found. `about` is the fingerprint of the cases and their world. `given` are the files that say what is compared, by
    what they are (the world, the jobs, the project file); `jobs_in` reads such a table of jobs, None where others are
    compared.
    """

    script: Program
    script_file: Path
    port: Program
    port_file: Callable[[], Path | None]
    cases: Sequence[Case]
    about: str
    cache: Cache
    given: Mapping[str, Path] = field(default_factory=dict)
    jobs_in: Callable[[Path], Sequence[Case]] | None = None

    def scripts(self, before: Path, after: Path) -> tuple[PlanSet, PlanSet]:
        """Return the plans of two scripts. What the change cannot touch is not recorded a second time."""
        old = self.plans(self.script, before)
        key = self.key(self.script, after)
        return old, self.cache.of(key, lambda: self._after(before, after, old))

    def plans(self, program: Program, path: Path) -> PlanSet:
        """Return the plans of a program as it stands at a path; raises RunFailed where it cannot be asked."""
        return self.cache.of(self.key(program, path), lambda: program.plans(path, self.cases))

    def key(self, program: Program, path: Path) -> list[str]:
        """Return under what a program's plans are remembered."""
        return key_of(program.key(path), self.about)

    def _after(self, before: Path, after: Path, old: PlanSet) -> PlanSet:
        touched = untouched.touched(before, after)
        again = [case for case in self.cases if touched(old[case.id].lines)]
        fresh = self.script.plans(after, again) if again else {}
        return {case.id: fresh.get(case.id) or old[case.id] for case in self.cases}

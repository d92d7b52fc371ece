"""What the runner runs, as data: the script, the port, the special cases, and where the verified facts stand.

Nothing in this room knows any particular script.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ci_port.bash import pattern
from ci_port.model import Document, Fields
from ci_port.model.packaged import data

if TYPE_CHECKING:
    from ci_port.host import Session


class Special(NamedTuple):
    """Jobs that keep a script of their own: every variable that is named matches its glob; unset counts as empty."""

    when: tuple[tuple[str, str], ...]
    command: tuple[str, ...]

    def selects(self, environment: Mapping[str, str]) -> bool:
        """Return whether a job with this environment is one of them."""
        return all(pattern.matches(glob, environment.get(name, "")) for name, glob in self.when)


class Project(NamedTuple):
    """`script` and `prelude` are relative to the checkout; `world`, `lock` and `rollout` lie in the package's data."""

    script: str
    prelude: str | None
    flag: str
    command: tuple[str, ...]
    special: tuple[Special, ...]
    job_id: str
    port: str
    world: str
    lock: str
    rollout: str

    def job(self, environment: Mapping[str, str]) -> str:
        """Return the id of the job that the environment describes; what is unset is left empty."""
        return self.job_id.format_map(_Lenient(environment))

    def program(self) -> Callable[[Session], None]:
        """Return the port; raises whatever importing it raises."""
        import importlib

        module, _, name = self.port.partition(":")
        found: Callable[[Session], None] = getattr(importlib.import_module(module), name)
        return found


def load_project() -> Project:
    """Return the packaged project; raises DataError with file, line and field."""
    fields = Document(data("runner.json"), "runner.json").parse()
    project = Project(
        script=fields.text("script"),
        prelude=fields.text_or_none("prelude"),
        flag=fields.text("flag"),
        command=tuple(fields.texts("command")),
        special=tuple(_special(special) for special in fields.objects("special", [])),
        job_id=fields.text("job_id"),
        port=fields.text("port"),
        world=fields.text("world"),
        lock=fields.text("lock"),
        rollout=fields.text("rollout"),
    )
    fields.finish()
    return project


def _special(fields: Fields) -> Special:
    special = Special(tuple(fields.mapping("when").items()), tuple(fields.texts("command")))
    fields.finish()
    return special


class _Lenient(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""

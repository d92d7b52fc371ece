"""Which script, which port, which world, which jobs: a small JSON file, or what the package brings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ci_port.model import Document, Fields
from ci_port.model.links import real
from ci_port.model.reading import read_text

# The space that needs no file of cases: the rows of the table of jobs.
JOBS = "jobs"
PACKAGED = Path(__file__).resolve().parent.parent / "data" / "project.json"


@dataclass(frozen=True, slots=True)
class Project:
    """What is compared: paths, the port as `module:function`, and how the id of a job is made from its columns.

    `axes` are the variables by which people know a job, `spaces` the named files of cases beside CI's jobs.
    """

    script: Path
    port: str
    world: Path
    jobs: Path
    job_id: str
    axes: tuple[str, ...]
    spaces: tuple[tuple[str, Path], ...]
    rollout: Path
    waivers: Path

    def overridden(self, script: str | None, port: str | None, world: str | None) -> Project:
        """Return the project with what the command line names put in place."""
        return replace(
            self,
            script=Path(script) if script else self.script,
            port=port or self.port,
            world=Path(world) if world else self.world,
        )


def load_project(path: Path | None) -> Project:
    """Return the project of a file, the packaged one without; what the file leaves out is as in the packaged one.

    Raises DataError with file, line and field.
    """
    packaged = _read(PACKAGED, None)
    return packaged if path is None else _read(path, packaged)


def _read(path: Path, default: Project | None) -> Project:
    fields = Document(read_text(path), str(path)).parse()
    project = Project(
        script=_path(fields, "script", path, default.script if default else None),
        port=_text(fields, "port", default.port if default else None),
        world=_path(fields, "world", path, default.world if default else None),
        jobs=_path(fields, "jobs", path, default.jobs if default else None),
        job_id=_text(fields, "job_id", default.job_id if default else None),
        axes=tuple(fields.texts("axes", list(default.axes) if default else [])),
        spaces=_spaces(fields, path) if fields.has("spaces") or default is None else default.spaces,
        rollout=_path(fields, "rollout", path, default.rollout if default else None),
        waivers=_path(fields, "waivers", path, default.waivers if default else None),
    )
    fields.finish()
    return project


def _spaces(fields: Fields, beside: Path) -> tuple[tuple[str, Path], ...]:
    spaces = fields.mapping("spaces", {})
    if JOBS in spaces:
        raise fields.error("spaces", f"{JOBS!r} is the name of CI's own jobs")
    return tuple((name, real(beside.parent / text)) for name, text in spaces.items())


def _text(fields: Fields, name: str, default: str | None) -> str:
    return fields.text(name) if default is None else fields.text(name, default)


def _path(fields: Fields, name: str, beside: Path, default: Path | None) -> Path:
    """Return a path of the file, relative to its folder; links are followed, so that people see where it really is."""
    text = _text(fields, name, None if default is None else str(default))
    return real(beside.parent / text)

"""Runs small scripts under the recorder, and reads from the courses of the runs which branches they took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_port.model import Observation, Rule
from ci_port.model.observation import Course
from ci_port.shell import read_script
from ci_port.shell.coverage import Coverage, Reader, Run
from tests.unit.dryrun import scene as scenes


@dataclass(frozen=True)
class Covering:
    """A scene whose recorder writes down courses, and a folder for what the reader reads."""

    scene: scenes.Scene
    folder: Path

    def reader(self, text: str, files: Mapping[str, str] | None = None) -> Reader:
        """Return a reader of a script, with the files that stand beside it."""
        self.folder.mkdir(exist_ok=True)
        for name, content in {**(files or {}), "script.sh": text}.items():
            (self.folder / name).write_text(content)
        return Reader(read_script(self.folder / "script.sh"))

    def observe(
        self, text: str, env: Mapping[str, str], files: Mapping[str, str] | None = None, fails: Sequence[str] = ()
    ) -> Observation:
        """Return what a run does in which the commands `fails` end with 1, all others with 0."""
        beside = {f"/w/ci/{name}": content for name, content in (files or {}).items()}
        rules = tuple(Rule((name, "**"), status=1) for name in fails)
        return self.scene.run(text, env=env, files=beside, rules=rules)

    def course(self, text: str, **env: str) -> Course:
        """Return what the shell starts."""
        course = self.observe(text, env).course
        assert course is not None
        return course

    def run(self, text: str, *, fails: Sequence[str] = (), **env: str) -> Run:
        """Return what one run shows."""
        return self.reader(text).run(self.observe(text, env, fails=fails))

    def covered(
        self, text: str, *runs: Mapping[str, str], files: Mapping[str, str] | None = None, fails: Sequence[str] = ()
    ) -> Coverage:
        """Return what runs in these environments cover."""
        reader = self.reader(text, files)
        return reader.coverage("test", [reader.run(self.observe(text, env, files, fails)) for env in runs])

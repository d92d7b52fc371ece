"""A plan as text, one step a line, as a shell would take it."""

from __future__ import annotations

from collections.abc import Iterator

from ci_port.bash.quoting import traced_word
from ci_port.model import Execute, Limit, Plan, Source, Step, Text, Umask


def lines(plan: Plan) -> Iterator[str]:
    """Yield a line for each step, and one for the exit status."""
    for step in plan.steps:
        yield _line(step)
    yield f"# exit status {plan.status}"


def _line(step: Step) -> str:
    if isinstance(step, Execute):
        return _command(step)
    if isinstance(step, Source):
        return f"source {traced_word(step.path)}"
    if isinstance(step, Limit):
        return f"ulimit {step.resource} {step.value}"
    if isinstance(step, Umask):
        return f"umask {step.value}"
    written = f"  # {_content(step.text)}" if step.text is not None else ""
    return f"write {'>>' if step.append else '>'} {traced_word(step.path)}{written}"


def _content(text: Text) -> str:
    return repr(text) if isinstance(text, str) else f"{text.size} bytes"


def _command(step: Execute) -> str:
    changed = [f"{name}={traced_word(value)}" if value is not None else f"-u {name}" for name, value in step.env]
    streams = (("<", step.stdin), (">", step.stdout), ("2>", step.stderr))
    where = [f"{sign} {traced_word(path)}" for sign, path in streams if path is not None]
    notes = [f"in {step.cwd}"] * (step.cwd != ".") + [f"env {' '.join(changed)}"] * bool(changed)
    notes += [f"status {step.status}"] * bool(step.status)
    notes += [f"reads {_content(step.input)}"] if step.input is not None else []
    notes += [f"itself {_line(inner)}" for inner in step.steps]
    note = f"  # {'; '.join(notes)}" if notes else ""
    return " ".join([*map(traced_word, step.argv), *where]) + note

"""Runs a real, unmodified bash script with nothing let out, and returns its plan."""

from ci_port.dryrun.build import CannotRunHere
from ci_port.dryrun.limits import Limits
from ci_port.dryrun.recorder import Recorder

__all__ = ["CannotRunHere", "Limits", "Recorder"]

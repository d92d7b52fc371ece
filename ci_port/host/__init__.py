"""The seam between the port and the world, and the shell that the port's functions talk to. Standard library only."""

from ci_port.host.plan_host import PlanHost, Program, observe
from ci_port.host.seam import (
    NULL,
    PIPE,
    Command,
    HereDocument,
    Host,
    Interrupted,
    Left,
    Outcome,
    ProcessSubstitution,
    Scope,
    Stream,
)
from ci_port.host.session import Session
from ci_port.host.session.flow import function
from ci_port.host.session.stops import Exit, Failed, Stop

__all__ = [
    "NULL",
    "PIPE",
    "Command",
    "Exit",
    "Failed",
    "HereDocument",
    "Host",
    "Interrupted",
    "Left",
    "Outcome",
    "PlanHost",
    "ProcessSubstitution",
    "Program",
    "Scope",
    "Session",
    "Stop",
    "Stream",
    "function",
    "observe",
]

"""The seam between the port and the world, and the shell that the port's functions talk to. Standard library only."""

from ci_port.host.plan_host import PlanHost, Program, observe
from ci_port.host.seam import NULL, PIPE, Command, Host, Interrupted, Left, Outcome, ProcessSubstitution, Scope, Stream
from ci_port.host.session import Exit, Failed, Session, Stop, function

__all__ = [
    "NULL",
    "PIPE",
    "Command",
    "Exit",
    "Failed",
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

"""The five words that carry everything, and what reads and writes them. Standard library only."""

from ci_port.model.branch import Branch
from ci_port.model.case import Case
from ci_port.model.condition import (
    ALWAYS,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Contains,
    Equals,
    Fits,
    Matches,
    Negation,
    Nonempty,
    Present,
    Probe,
    Same,
    Variable,
    atoms,
)
from ci_port.model.environment import Environment
from ci_port.model.fields import DataError, Document, Fields
from ci_port.model.files import Content, File, Link
from ci_port.model.observation import Asked, NotPorted, Observation, Place, RunFailed, Unanswered
from ci_port.model.overlay import Overlay
from ci_port.model.plan import Digest, Execute, Limit, Plan, Source, Step, Text, Umask, Write
from ci_port.model.rules import Effects, Rule
from ci_port.model.world import User, World

__all__ = [
    "ALWAYS",
    "AllOf",
    "AnyOf",
    "Asked",
    "Branch",
    "Case",
    "Compare",
    "Condition",
    "Contains",
    "Content",
    "DataError",
    "Digest",
    "Document",
    "Effects",
    "Environment",
    "Equals",
    "Execute",
    "Fields",
    "File",
    "Fits",
    "Limit",
    "Link",
    "Matches",
    "Negation",
    "Nonempty",
    "NotPorted",
    "Observation",
    "Overlay",
    "Place",
    "Plan",
    "Present",
    "Probe",
    "Rule",
    "RunFailed",
    "Same",
    "Source",
    "Step",
    "Text",
    "Umask",
    "Unanswered",
    "User",
    "Variable",
    "World",
    "Write",
    "atoms",
]

"""The five words that carry everything, and what reads and writes them. Standard library only."""

from ci_port.model.branch import Branch
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
from ci_port.model.observation import NotPorted, Observation, Place, RunFailed, Unanswered
from ci_port.model.plan import Execute, Limit, Plan, Source, Step, Write
from ci_port.model.world import Case, Overlay, Rule, World

__all__ = [
    "ALWAYS",
    "AllOf",
    "AnyOf",
    "Branch",
    "Case",
    "Compare",
    "Condition",
    "Contains",
    "DataError",
    "Document",
    "Environment",
    "Equals",
    "Execute",
    "Fields",
    "Fits",
    "Limit",
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
    "Unanswered",
    "Variable",
    "World",
    "Write",
    "atoms",
]

"""Two plans against each other in full, by deepdiff: every path at which their JSON differs."""

from __future__ import annotations

import json
from typing import Any

from ci_port.model import Plan

MISSING = "deepdiff is not installed, so differences have no `deep` part; pip install 'ci_port[parity]' brings it"


def available() -> bool:
    """Return whether deepdiff is here; it is in the extra `parity`, and the base install does without."""
    try:
        import deepdiff  # noqa: F401
    except ImportError:
        return False
    return True


def deep(left: Plan, right: Plan) -> dict[str, Any]:
    """Return what differs as deepdiff's JSON (values changed, items added and removed, each with its path)."""
    from deepdiff import DeepDiff

    found: dict[str, Any] = json.loads(DeepDiff(left.to_json(), right.to_json(), verbose_level=2).to_json())
    return found

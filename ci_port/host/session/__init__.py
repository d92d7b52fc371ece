"""`Session`: a shell without a command line. The port speaks to it in the words of a shell engineer.

What it keeps is what bash keeps: variables, directory, `$?`, whether a failure stops, the EXIT handlers. What stops
and what doesn't is in docs/bash.md#stopping; the handlers are in docs/bash.md#exit-handlers.

It is put together from parts, one file a subject; each stands on `state`:

| file | holds |
|---|---|
| `state`, `stops` | what a shell keeps; how it ends |
| `parameters`, `variables` | variables and lists; how bash scopes and exports them |
| `expansions` | what becomes of a word |
| `conditions` | tests |
| `commands`, `pipelines` | one command with its redirections; several, and what they print |
| `sourcing` | files that are no part of the script |
| `files`, `directories` | what the script itself reads, writes and looks for; where it stands |
| `flow`, `traps` | functions, subshells, loops; what runs at the end |
"""

from __future__ import annotations

from ci_port.host.session.conditions import Conditions
from ci_port.host.session.expansions import Expansions
from ci_port.host.session.flow import Flow
from ci_port.host.session.pipelines import Pipelines
from ci_port.host.session.traps import Traps


class Session(Expansions, Conditions, Pipelines, Flow, Traps):
    """One run of a script on a host; commands are methods, variables are items (an unset one reads as empty)."""

"""SARIF 2.1.0: each problem at the script's line, with the Python function as a related place."""

from __future__ import annotations

from typing import Any

from ci_port.model import Place
from ci_port.model.fingerprint import of_data
from ci_port.model.plan import dumps
from ci_port.parity.render.facts import Problem, problems
from ci_port.parity.report import Report

_RULES = {
    "different": "Script and port would not do the same",
    "not ported": "The port has no function for a branch",
    "failed": "A side could not be run to its end",
    "unanswered": "A plan rests on an answer that the world does not give",
    "waiver": "A waiver matches nothing, or is past its day",
}
# GitHub shows at most this many results of a run; the JSON report has them all.
_MOST = 5000


def sarif(report: Report) -> str:
    """Return the report as SARIF."""
    results = [_result(problem, report) for problem in problems(report)][:_MOST]
    rules = [
        {"id": _rule(kind), "shortDescription": {"text": text}, "defaultConfiguration": {"level": "error"}}
        for kind, text in _RULES.items()
    ]
    driver = {"name": "ci-port", "version": report.version, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "ci-port/parity/"},
        "originalUriBaseIds": {"ROOT": {"description": {"text": "the root of the checkout"}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    return dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}) + "\n"


def _rule(kind: str) -> str:
    return "parity/" + kind.replace(" ", "-")


def _result(problem: Problem, report: Report) -> dict[str, Any]:
    count = f" ({len(problem.cases):,} cases, {problem.cases[0]} is one)" if problem.cases else ""
    result: dict[str, Any] = {
        "ruleId": _rule(problem.kind),
        "ruleIndex": list(_RULES).index(problem.kind),
        "level": "error",
        "message": {"text": problem.message + count},
        # So that one problem stays one alert when lines shift.
        "partialFingerprints": {"ciPort/v1": of_data([problem.kind, problem.message, _functions(problem)])},
    }
    places = [place for place in (problem.script, problem.port) if place is not None]
    # A result without a place is shown at the script's first line: GitHub refuses one that has none.
    result["locations"] = [_location(places[0] if places else Place(report.subjects.script.name, 1))]
    if len(places) > 1:
        result["relatedLocations"] = [
            {"id": 1, "message": {"text": "the Python function"}, **_location(place)} for place in places[1:]
        ]
    return result


def _functions(problem: Problem) -> list[str]:
    return [name for place in (problem.script, problem.port) if place for name in place.functions[:1]]


def _location(place: Place) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {
                "uri": uri(place.file),
                **({} if place.file.startswith("/") else {"uriBaseId": "ROOT"}),
            },
            "region": {"startLine": max(1, place.line)},
        }
    }
    if place.functions:
        location["logicalLocations"] = [{"name": place.functions[0], "kind": "function"}]
    return location


def uri(path: str) -> str:
    """Return a path as the URI that SARIF wants."""
    from urllib.parse import quote

    return ("file://" if path.startswith("/") else "") + quote(path, errors="surrogateescape")

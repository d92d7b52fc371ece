"""JUnit XML: a suite for each space, a test case for each case."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from ci_port.parity.compare import Result, Verdict
from ci_port.parity.render.facts import headline, place_text, variables
from ci_port.parity.report import Entry, Report
from ci_port.parity.wording import guess

# What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """Return the report as JUnit XML."""
    root = Xml.Element("testsuites", name="ci-port parity")
    messages = {result.case.id: headline(finding) for finding in report.findings for result in finding.group.results}
    for space in report.spaces:
        entries = [entry for entry in report.entries if entry.space == space.name]
        suite = Xml.SubElement(root, "testsuite", name=_clean(space.name), timestamp=report.made.rstrip("Z"))
        for entry in entries:
            _case(suite, entry, report, messages)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(name, str(len(suite.findall(f"*/{tag}"))))
        suite.set("tests", str(len(entries)))
    _waivers(root, report)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _case(suite: Xml.Element, entry: Entry, report: Report, messages: dict[str, str]) -> None:
    result = entry.result
    classname = ".".join(["parity", entry.space, *filter(None, report.labels(result)[:1])])
    case = Xml.SubElement(suite, "testcase", name=_clean(result.case.id), classname=_clean(classname))
    if result.verdict is Verdict.SAME:
        return
    if result.case.id in report.excused:
        Xml.SubElement(case, "skipped", message="a waiver excuses the difference")
        return
    tag = "error" if result.verdict is Verdict.UNTRUSTED else "failure"
    message = messages.get(result.case.id) or _reason(result)
    Xml.SubElement(case, tag, type=result.verdict.value, message=_clean(message)).text = _clean(_body(result))


def _reason(result: Result) -> str:
    if result.branch:
        return f"not ported: {result.branch}"
    failures = [str(failure) for failure in result.failures]
    probes = [f"{guess(probe)} ({probe.place})" for probe in result.unanswered]
    return "; ".join(failures + probes) or result.verdict.value


def _body(result: Result) -> str:
    found = result.difference
    places = f"script: {place_text(found.control_place)}\nport: {place_text(found.candidate_place)}\n" if found else ""
    return f"{places}environment: {variables(result.case)}\n{_reason(result)}"


def _waivers(root: Xml.Element, report: Report) -> None:
    if not report.waivers:
        return
    suite = Xml.SubElement(root, "testsuite", name="waivers", errors="0", skipped="0")
    for use in report.waivers:
        name = _clean(f"{use.waiver.branch}: {'; '.join(use.waiver.change)}")
        case = Xml.SubElement(suite, "testcase", name=name, classname="parity.waivers")
        if use.problem:
            Xml.SubElement(case, "failure", type="waiver", message=_clean(use.problem))
    suite.set("tests", str(len(report.waivers)))
    suite.set("failures", str(len(report.waiver_problems)))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", text)

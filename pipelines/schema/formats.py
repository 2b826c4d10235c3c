"""Findings in the forms that people and CI services read: text, JSON, GitHub annotations, SARIF and JUnit."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from blift.schemas.compatibility import Finding
from blift.schemas.rule_list import Rule

#: The format of SARIF that GitHub and other services take.
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def text(findings: Sequence[Finding], _rules: Sequence[Rule]) -> str:
    """A line each: where, the rule, and the sentence."""
    return "".join(f"{_where(each)}{each.rule}: {each.sentence}\n" for each in findings)


def _where(finding: Finding) -> str:
    if finding.file:
        return f"{finding.file}:{finding.line}: " if finding.line else f"{finding.file}: "
    return f"{finding.table}: " if finding.table else ""


def json_text(findings: Sequence[Finding], _rules: Sequence[Rule]) -> str:
    """A JSON object with the list of findings."""
    return json.dumps({"findings": [_facts(each) for each in findings]}, indent=2, ensure_ascii=False) + "\n"


def _facts(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "table": finding.table,
        "column": finding.column or None,
        "message": finding.sentence,
        "breaks": sorted(finding.breaks),
        "file": finding.file or None,
        "line": finding.line or None,
    }


def github(findings: Sequence[Finding], _rules: Sequence[Rule]) -> str:
    """Workflow commands, which GitHub shows as annotations at the file and line."""
    return "".join(_annotation(each) for each in findings)


def _annotation(finding: Finding) -> str:
    file = [f"file={_escaped(finding.file)}"] if finding.file else []
    line = [f"line={finding.line}"] if finding.line else []
    properties = ",".join([*file, *line, f"title={_escaped(f'{finding.rule} {finding.table}'.strip())}"])
    sentence = finding.sentence.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::error {properties}::{sentence}\n"


def _escaped(value: str) -> str:
    """A property's value: besides what ends a line, a colon and a comma would end it."""
    for sign, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        value = value.replace(sign, code)
    return value


def sarif(findings: Sequence[Finding], rules: Sequence[Rule]) -> str:
    """SARIF 2.1.0: one run, with every rule and a result for each finding."""
    told = [{"id": rule.id, "shortDescription": {"text": rule.sentence}} for rule in rules]
    driver = {"name": "blift schema", "rules": told}
    run = {"tool": {"driver": driver}, "results": [_result(each) for each in findings]}
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _result(finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {"ruleId": finding.rule, "level": "error", "message": {"text": finding.sentence}}
    if finding.file:
        place = {"artifactLocation": {"uri": quote(finding.file)}, "region": {"startLine": max(1, finding.line)}}
        result["locations"] = [{"physicalLocation": place}]
    return result


def junit(findings: Sequence[Finding], rules: Sequence[Rule]) -> str:
    """JUnit's XML: a test case for each rule, with a failure for each finding."""
    from xml.etree import ElementTree as ET  # noqa: PLC0415 - slow, and for this format alone

    broken = {each.rule for each in findings}
    counts = {"tests": str(len(rules)), "failures": str(len(broken)), "errors": "0"}
    suite = ET.Element("testsuite", {"name": "blift schema", **counts})
    for rule in rules:
        case = ET.SubElement(suite, "testcase", classname="schema", name=rule.id)
        for each in findings:
            if each.rule == rule.id:
                ET.SubElement(case, "failure", message=each.sentence).text = _where(each) + each.sentence
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


FORMATS: dict[str, Callable[[Sequence[Finding], Sequence[Rule]], str]] = {
    "text": text,
    "json": json_text,
    "github": github,
    "sarif": sarif,
    "junit": junit,
}

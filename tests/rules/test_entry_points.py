"""Rules come from entry points alone; what is wrong with one is said with its name and its distribution."""

import subprocess
import sys
from pathlib import Path

import pytest

from enforcer.errors import EnforcerError, UsageError
from enforcer.rules import entry_points
from enforcer.rules.entry_points import BUILT_IN, load

RULE = """
class Rule:
    id, severity, title = {id!r}, {severity!r}, {title!r}

    def findings(self, evidence):
        return ()
"""


def install(directory: Path, name: str, entries: str, module: str = "", version: str = "1.0") -> None:
    """Put a distribution with these entry points and one module into `directory`, as an installer does."""
    info = directory / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[enforcer.rules]\n{entries}\n")
    (directory / f"{name.replace('-', '_')}.py").write_text(module)


def rule(id_: str, severity: object = "error", title: object = "does it") -> str:
    return RULE.format(id=id_, severity=severity, title=title)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that Python finds packages in, first of all."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def forget_modules() -> object:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.endswith("_rules"):
            del sys.modules[name]


def test_the_built_in_rules_come_first_and_in_their_order() -> None:
    assert tuple(load())[: len(BUILT_IN)] == BUILT_IN
    assert all(each.is_built_in for each in list(load().values())[: len(BUILT_IN)])


def test_rules_of_other_distributions_follow_by_id_and_know_where_they_are_from(site: Path) -> None:
    install(site, "z-rules", "a-rule = z_rules:Rule", rule("a-rule"))
    install(site, "a-rules", "z-rule = a_rules:Rule", rule("z-rule"), version="2.5")
    loaded = load()
    assert tuple(loaded)[len(BUILT_IN) :] == ("a-rule", "z-rule")
    assert [loaded[name].distribution for name in ("a-rule", "z-rule")] == ["z-rules 1.0", "a-rules 2.5"]
    assert not loaded["a-rule"].is_built_in


@pytest.mark.parametrize(
    ("entry", "module", "reason"),
    [
        ("my-rule = acme_rules:Rule", "import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere"),
        ("my-rule = acme_rules:Rule", "raise ValueError('not today')", "ValueError: not today"),
        ("my-rule = acme_rules:Absent", rule("my-rule"), "AttributeError: module 'acme_rules' has no attribute"),
        ("my-rule = acme_rules:Rule", "class Rule:\n    def __init__(self, x): pass", "called without arguments: Type"),
        ("my-rule = acme_rules:Rule", "class Rule: pass", "no rule: id, severity, title, findings missing"),
        ("my-rule = acme_rules", "", "acme_rules cannot be imported and called without arguments: TypeError"),
        ("my-rule = acme_rules:Rule", rule("other-rule"), "has the id 'other-rule': name the entry point like it"),
        ("my-rule = acme_rules:Rule", rule("my-rule", "fatal"), "severity 'fatal': choose one of error, warning"),
        ("my-rule = acme_rules:Rule", rule("my-rule", ["x"]), "severity ['x']: choose one of error, warning"),
        ("my-rule = acme_rules:Rule", rule("my-rule", title="a\nb"), "title 'a\\nb': one line is needed"),
        ("my-rule = acme_rules:Rule", rule("my-rule", title=""), "title '': one line is needed"),
        ("My_Rule = acme_rules:Rule", rule("My_Rule"), "its name is no id of a rule: lower-case words with dashes"),
        ("key-drift = acme_rules:Rule", rule("key-drift"), "there is a rule 'key-drift' already, of buildstream-enf"),
        ("my-rule = acme_rules:Rule", rule("my-rule") + "    findings = None", "findings that cannot be called"),
    ],
)
def test_an_entry_point_that_gives_no_rule_is_named(site: Path, entry: str, module: str, reason: str) -> None:
    install(site, "acme-rules", entry, module)
    with pytest.raises(UsageError) as raised:
        load()
    name = entry.partition(" ")[0]
    expected = f"entry point {name!r} of group enforcer.rules in the distribution acme-rules 1.0: "
    assert str(raised.value).startswith(expected)
    assert reason in str(raised.value)


def test_two_distributions_cannot_give_one_rule(site: Path) -> None:
    install(site, "a-rules", "my-rule = a_rules:Rule", rule("my-rule"))
    install(site, "b-rules", "my-rule = b_rules:Rule", rule("my-rule"))
    with pytest.raises(UsageError, match=r"in the distribution b-rules 1\.0: there is a rule .* of a-rules 1\.0"):
        load()


@pytest.mark.parametrize(
    ("entries", "differing"),
    [
        ("", ", ".join(sorted(BUILT_IN))),
        ("\n".join(f"{name} = x:X" for name in BUILT_IN if name != "key-drift"), "key-drift"),
        ("\n".join(f"{name} = x:X" for name in (*BUILT_IN, "bygone")), "bygone"),
    ],
)
def test_an_installation_of_other_code_is_refused(site: Path, entries: str, differing: str) -> None:
    install(site, "BuildStream_Enforcer", entries, version="0.0.1")
    with pytest.raises(EnforcerError) as raised:
        load()
    assert raised.value.exit_code == 3
    assert f"it differs in the rules {differing}: install it again" in str(raised.value)


def test_what_is_installed_is_read_once_and_not_by_an_import() -> None:
    code = f"""
import importlib.metadata as metadata
calls, original = [], metadata.entry_points
metadata.entry_points = lambda **kwargs: calls.append(kwargs) or original(**kwargs)
import enforcer.cli, enforcer.embedding.watch
from enforcer.rules.registry import all_rules, get_rule
before = len(calls)
all_rules(), get_rule("key-drift"), all_rules()
print(before, calls == [{{"group": {entry_points.GROUP!r}}}])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0 True\n"

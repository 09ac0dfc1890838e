"""A comment beside the code names rules and a reason, and counts for the statement that it stands in."""

from textwrap import dedent

import pytest

from enforcer.errors import UsageError
from enforcer.settings.comments import FoundComment, IgnoreComment, comments_in


def found(text: str) -> list[FoundComment]:
    return list(comments_in(dedent(text).encode()))


def parsed(text: str) -> IgnoreComment:
    [comment] = found(text)
    return comment.parsed()


def refused(text: str) -> str:
    with pytest.raises(UsageError) as raised:
        parsed(text)
    return str(raised.value)


def test_it_names_rules_and_a_reason() -> None:
    comment = parsed("x = 1  # enforcer: ignore[foreign-write, class-write] issue #12: nobody reads it\n")
    assert (comment.rules, comment.reason) == (("foreign-write", "class-write"), "issue #12: nobody reads it")
    assert (comment.line, list(comment.lines)) == (1, [1])


def test_comments_for_others_may_stand_before_and_behind() -> None:
    comment = parsed("x = 1  # type: ignore  # enforcer: ignore[foreign-write] fine  # fmt: skip\n")
    assert (comment.rules, comment.reason) == (("foreign-write",), "fine")


def test_it_counts_at_each_line_of_its_statement() -> None:
    statement = """\
    def f():
        dep.get_environment().update(
            FOO="X",  # enforcer: ignore[foreign-write] fine
            # in between
            BAR="Y",
        )
        last = 1
    """
    assert list(parsed(statement).lines) == [2, 3, 4, 5, 6]


def test_of_a_statement_with_a_body_it_counts_at_the_head() -> None:
    assert list(parsed("with lock:  # enforcer: ignore[process-local-lock] fine\n    x = 1\n").lines) == [1]


@pytest.mark.parametrize(
    ("text", "function"),
    [
        (
            "class A:\n    class B:\n        def fetch(self):\n            def inner():\n                x = 1  ",
            "fetch",
        ),
        ("async def stage():\n    x = 1  ", "stage"),
        ("x = 1  ", ""),
        ("class A:\n    x = 1  ", ""),
    ],
)
def test_it_knows_the_method_that_it_stands_in(text: str, function: str) -> None:
    assert parsed(f"{text}# enforcer: ignore[foreign-write] fine\n").function == function


@pytest.mark.parametrize(
    "text",
    [
        's = "# enforcer: ignore[foreign-write] fine"\n',
        's = """\n# enforcer: ignore[foreign-write] fine\n"""\n',
        "x = 1  # what the enforcer: ignored\n",
        "x = 1  # enforcer: ignored by all\n",
        "x = 1  # ignore[foreign-write] fine\n",
        "this is no Python  # enforcer: ignore[foreign-write] fine\n",
        "x = (1  # enforcer: ignore[foreign-write] fine\n",
    ],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "comment", ["ignore", "ignore fine", "ignore[] fine", "ignore[foreign-write,] fine", "ignore[foreign-write fine"]
)
def test_one_that_names_no_rule_is_refused(comment: str) -> None:
    assert refused(f"x = 1  # enforcer: {comment}\n").startswith("ignore comment names no rule: write # enforcer: ")


def test_one_without_a_reason_is_refused() -> None:
    assert "has no reason: say behind the bracket" in refused("x = 1  # enforcer: ignore[foreign-write]  \n")
    assert "has no reason" in refused("x = 1  # enforcer: ignore[foreign-write]  # fmt: skip\n")


def test_one_that_stands_alone_is_refused() -> None:
    text = "def f():\n    # enforcer: ignore[foreign-write] fine\n    x = 1\n"
    assert "stands beside no code: write # enforcer: ignore[RULE] REASON at the end of the line" in refused(text)


def test_the_encoding_of_a_file_is_its_own() -> None:
    text = "# -*- coding: latin-1 -*-\nx = 'ä'  # enforcer: ignore[foreign-write] weil's geht: ä\n"
    [comment] = comments_in(text.encode("latin-1"))
    assert comment.parsed().reason == "weil's geht: ä"

"""Text that others wrote is made fit to be shown."""

import pytest

from enforcer.masking import MASKED, cut, mask, mask_code, mask_lines, printable

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJl"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "path",
    [
        "environment['API_TOKEN']",
        "environment['DB_PASSWORD']",
        "environment['passwd']",
        "config['clientSecret']",
        "_credentials",
        "headers['Authorization']",
        "api_key",
        "apiKey",
        "private-key",
        "AWS_SECRET_ACCESS_KEY",
    ],
)
def test_a_value_kept_under_a_secret_name_is_masked_whole(path: str) -> None:
    assert mask(path, "'anything at all'") == MASKED


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1" * 18,
        "github_pat_" + "A1_" * 12,
        "glpat-" + "x" * 20,
        "xoxb-123456789012-abcdef",
        JWT,
        PEM,
        PEM[:40],
    ],
)
def test_a_value_that_looks_like_a_secret_is_masked_wherever_it_is(secret: str) -> None:
    shown = mask("environment['HARMLESS']", f"'before {secret}'")
    assert shown is not None
    assert shown.startswith("'before " + MASKED)
    assert secret not in shown
    assert "MIIEow" not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{'TOKEN': 's3cret', 'CC': 'gcc'}", "{'TOKEN': <masked>, 'CC': 'gcc'}"),
        ("'curl --password=hunter2 x'", "'curl --password=<masked> x'"),
        ("'Authorization: Basic dXNlcjpwYXNz'", "'Authorization: <masked>'"),
        ("'https://bob:pw@example.org/x.git'", "'https://<masked>@example.org/x.git'"),
        ("{'token': None, 'secrets': []}", "{'token': None, 'secrets': []}"),
    ],
)
def test_a_secret_inside_of_a_larger_value_is_masked_there(text: str, shown: str) -> None:
    assert mask("config", text) == shown


@pytest.mark.parametrize("text", [None, "None", "True", "''", "{}"])
def test_an_absent_or_empty_value_stays_readable_under_a_secret_name(text: str | None) -> None:
    assert mask("environment['TOKEN']", text) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("_Element__cache_key", "'0123456789abcdef'"),
        ("get_unique_key()", "{'path': 'files'}"),
        ("tokenizer", "'whitespace'"),
        ("environment['PWD']", "'/buildstream'"),
        ("sources[0].url", "'https://example.org/base.tar'"),
        ("email", "'bob@example.org'"),
    ],
)
def test_what_a_reader_needs_stays(path: str, text: str) -> None:
    assert mask(path, text) == text


def test_masking_twice_changes_nothing() -> None:
    once = mask("config", f"{{'TOKEN': 's', 'url': 'https://u:p@h/', 'jwt': '{JWT}', 'pem': {PEM!r}}}")
    assert mask("config", once) == once


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ('env["TOKEN"] = "s3cret"', 'env["TOKEN"] = <masked>'),
        ('env.setdefault("TOKEN", "s3cret")', 'env.setdefault("TOKEN", <masked>)'),
        ('token = self.node.get_str("token")', 'token = self.node.get_str("token")'),
        ('run("curl --password=hunter2")', 'run("curl --password=<masked>")'),
        ('env["CC"] = "clang"', 'env["CC"] = "clang"'),
        ('url = "https://u:p@host/"', 'url = "https://<masked>@host/"'),
    ],
)
def test_code_loses_its_secret_literals_only(code: str, shown: str) -> None:
    assert mask_code("environment['X']", code) == shown


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["a = 1", "b = 'don't"], ("a = 1", "b = 'don't")),
        (["x = {", "    'token':", "    'hunter2',", "}"], ("x = {", "    'token':", f"    {MASKED},", "}")),
        (["password = get()", "key(password)"], ("password = get()", "key(password)")),
        (["KEY = (", "    'MIIE" + "a1" * 30 + "'", ")"], ("KEY = (", f"    '{MASKED}'", ")")),
        (["PASSWORD = (", "    'hunter2'", ")"], ()),
        (['PASSWORD = """', "hunter2", '"""'], ()),
        (["KEY = [", *PEM.splitlines(), "]"], ()),
    ],
)
def test_lines_that_follow_each_other_are_masked_as_one_text(lines: list[str], shown: tuple[str, ...]) -> None:
    assert mask_lines("environment['CC']", lines) == shown
    assert mask_lines("environment['CC']", mask_lines("environment['CC']", lines)) == shown


def test_code_that_writes_under_a_secret_name_keeps_only_the_words_of_the_path() -> None:
    assert mask_code("os.environ['API_TOKEN']", "put('API_TOKEN', 's3cret')") == "put('API_TOKEN', <masked>)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("base.bst", "base.bst"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\u202egnp", "\\u202egnp"),
        ("\x9b0m", "\\x9b0m"),
        ("\udce9", "\\udce9"),
        ("größe.bst", "größe.bst"),
    ],
)
def test_nothing_that_a_terminal_obeys_is_printed(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(("limit", "shown"), [(6, "abcdef"), (5, "ab..."), (3, "..."), (2, ".."), (0, "")])
def test_cut_never_exceeds_its_limit(limit: int, shown: str) -> None:
    assert cut("abcdef", limit) == shown

"""A finding is judged in the phase that ran the build."""

from __future__ import annotations

import pytest


def test_a_finding_fails_the_test_that_built(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_build(build): build()\ndef test_other(): pass")
    result = fake.runpytest("--enforce", "strict")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "enforcement strict, call: foreign-write  app.bst (hazard) changed base.bst in its Build job",
            "  environment['FOO']: added 'X'",
        ]
    )

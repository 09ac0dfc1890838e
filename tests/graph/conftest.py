"""How many examples the property tests run: `ENFORCER_GRAPH_EXAMPLES=20000` for a long campaign of new ones."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from enforcer.graph import unit, words
from tests.properties import property_settings

settings.register_profile("graph", property_settings("ENFORCER_GRAPH_EXAMPLES", 400))


@pytest.fixture(autouse=True, scope="package")
def early_quick_pass() -> Iterator[None]:
    """Let the second compare of a state make the faster way ready, so that short examples go that way too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unit, "_READY_AT", 2)
        yield


@pytest.fixture(scope="module", params=["words", "collector"])
def reading(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run a test on each way in which dictionaries can be read quickly, as far as this interpreter has it."""
    if request.param == "words" and not words.AVAILABLE:
        pytest.skip("this interpreter's words cannot be read")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "AVAILABLE", request.param == "words")
        yield

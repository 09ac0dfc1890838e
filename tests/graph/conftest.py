"""How many examples the property tests run: `ENFORCER_GRAPH_EXAMPLES=20000` for a long campaign of new ones."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, configuration, settings

from enforcer.graph import unit

# Hypothesis would leave a directory beside pyproject.toml, and warns when pytest then meets it.
configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "enforcer-hypothesis")

_examples = os.environ.get("ENFORCER_GRAPH_EXAMPLES")

# The same examples in every run of the suite; new ones in a campaign. Load on the machine is no failure.
settings.register_profile(
    "graph",
    max_examples=int(_examples or 400),
    derandomize=_examples is None,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(autouse=True, scope="package")
def early_quick_pass() -> Iterator[None]:
    """Let the second compare of a state make the faster way ready, so that short examples go that way too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unit, "_READY_AT", 2)
        yield

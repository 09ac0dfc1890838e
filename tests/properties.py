"""How property tests run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, configuration, settings

# Hypothesis would leave a directory beside pyproject.toml, and warns when pytest then meets it.
configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "enforcer-hypothesis")


def property_settings(variable: str, examples: int) -> settings:
    """The same `examples` in every run of the suite; as many new ones as the environment's `variable` says.

    Load on the machine is no failure.
    """
    campaign = os.environ.get(variable)
    return settings(
        max_examples=int(campaign or examples),
        derandomize=campaign is None,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )

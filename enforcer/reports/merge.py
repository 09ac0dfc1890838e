"""Several reports as one: those of a CI matrix, say."""

from __future__ import annotations

from collections.abc import Sequence

from enforcer.reports.format import MERGE_RULES
from enforcer.reports.merging import Merging
from enforcer.reports.value import Report


def merge_reports(reports: Sequence[Report]) -> Report:
    """One report that says what all of them say, whatever their order.

    Counts add up, but `cells` and objects that cannot be seen into: as nobody knows which ones the reports have in
    common, these are the most that one of them has. An element was exercised if it was in any report. What
    `omitted_groups` counts may have been left out of several reports, so there can be fewer.
    """
    if len(reports) == 1:
        return reports[0]
    together = Merging(reports)
    return Report(**{name: row.merge(together, name) for name, row in MERGE_RULES.items() if row.merge})

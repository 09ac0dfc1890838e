"""Findings, for authors of rules: a name that stays, wherever `enforcer.results.findings` is."""

from __future__ import annotations

from enforcer.results.findings import ERROR, WARNING, Finding, Job, Maker, Owner, Site

__all__ = ["ERROR", "WARNING", "Finding", "Job", "Maker", "Owner", "Site"]

"""Findings: sentences about a run, made from its numbers, each with its evidence."""

from .all_findings import find as find
from .finding import Finding as Finding

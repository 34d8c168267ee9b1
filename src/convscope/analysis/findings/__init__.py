"""Findings: sentences made from the numbers of a run, each with its evidence, none of them true of every run."""

from .all_findings import find as find
from .finding import Finding as Finding

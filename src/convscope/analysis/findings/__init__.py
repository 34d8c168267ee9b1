"""What a run shows, in sentences made from its own numbers. No sentence without evidence, and none that fits every run."""

from .all_findings import find as find
from .finding import Finding as Finding

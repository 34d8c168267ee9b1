"""What a run was made on and with: for its record, and for everyone who wants the same again."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from typing import Any

from ._version import __version__
from .processor import processor_field

PACKAGES = (
    "keras",
    "tensorflow",
    "tensorflow-cpu",
    "jax",
    "numpy",
    "scikit-learn",
    "onnx",
    "onnxruntime",
    "matplotlib",
)


def describe_machine() -> dict[str, Any]:
    """Processor, cores that this process may use, operating system; no name of the host and no path."""
    return {
        "processor": processor_field("model name") or platform.processor() or platform.machine() or sys.platform,
        "cores": _cores(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def package_versions() -> dict[str, str]:
    """Versions of Python, of convscope, and of the packages that decide a result, of those that are installed."""
    # Ours from the code that runs, which may be a checkout that was never installed.
    versions = {"python": platform.python_version(), "convscope": __version__}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

"""Hardware and package versions of this machine, recorded with every run."""

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
"""Packages that can change a result."""


def describe_machine() -> dict[str, Any]:
    """Return processor, usable cores and operating system, without host name or paths."""
    return {
        "processor": processor_field("model name") or platform.processor() or platform.machine() or sys.platform,
        "cores": _cores(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def package_versions() -> dict[str, str]:
    """Return the versions of Python, convscope and the installed :data:`PACKAGES`."""
    # Our own version comes from the running code, which may be a checkout that was never installed.
    versions = {"python": platform.python_version(), "convscope": __version__}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _cores() -> int:
    # Containers and taskset restrict a process to fewer cores than the machine has.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

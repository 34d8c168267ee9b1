"""Hardware and package versions of this machine, recorded with every run."""

import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from .._version import __version__
from .processors import available_processors

DESCRIPTION = Path("/proc/cpuinfo")


def processor_field(name: str) -> str:
    """Return a field of the first processor, such as ``model name``; empty if there is none."""
    try:
        text = DESCRIPTION.read_text("utf-8", errors="replace")
    except OSError:
        return ""
    first_processor = text.partition("\n\n")[0]
    fields = (line.partition(":") for line in first_processor.splitlines())
    return next((value.strip() for field, _, value in fields if field.strip() == name), "")


def processor_flags() -> frozenset[str]:
    """Return the instruction-set flags, such as ``avx512f``."""
    return frozenset(processor_field("flags").split())


PACKAGES = ("keras", "tensorflow", "tensorflow-cpu", "jax", "numpy", "onnx", "onnxruntime", "matplotlib")
"""Packages that can change a result."""


def describe_machine() -> dict[str, Any]:
    """Return processor, usable cores and operating system, without host name or paths."""
    return {
        "processor": processor_field("model name") or platform.processor() or platform.machine() or sys.platform,
        "cores": available_processors(),
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

"""Hardware and package versions of this machine, and how many processors this process may keep busy."""

import os
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from math import ceil
from pathlib import Path
from typing import Any

from .._version import __version__

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


CONTROL_GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")


def usable_threads(most: int) -> int:
    """Return how many threads are worth starting, from 1 to ``most``.

    That is the smallest of ``OMP_NUM_THREADS`` (its first number), the processors that this process may run on, and the share
    of them that its control groups grant, rounded up: a container's ``--cpus``.
    """
    limits = [most, available_processors(), *(ceil(share) for share in _shares())]
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if wanted.isdecimal() and int(wanted):
        limits.append(int(wanted))
    return max(1, min(limits))


def available_processors() -> int:
    """Return how many processors this process may run on: containers and taskset allow fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def group_folders(controller: str) -> Iterator[Path]:
    """Yield the folders of the control groups that limit this process in what ``controller`` controls, of both versions."""
    for line in _text(OWN_GROUPS).splitlines():
        _, controllers, own = line.split(":", 2)
        if not controllers:
            yield from _with_parents(CONTROL_GROUPS, own)
        elif controller in controllers.split(","):
            for root in (CONTROL_GROUPS / controller, CONTROL_GROUPS / controllers):
                yield from _with_parents(root, own)


def numbers_in(path: Path) -> dict[str, int]:
    """Return the named numbers in a file of a control group; one without a name is called ``""``."""
    words = (line.rpartition(" ") for line in _text(path).splitlines())
    return {name: int(number) for name, _, number in words if number.isdecimal()}  # not "max", not -1


def _shares() -> Iterator[float]:
    """Yield the limit of each control group that this process is in, in processors."""
    for folder in group_folders("cpu"):
        yield from _ratio(*_text(folder / "cpu.max").split())
        yield from _ratio(_text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us"))


def _with_parents(root: Path, own: str) -> Iterator[Path]:
    """Yield the folder of a group and those around it; inside a container only the outermost may exist."""
    folder = root / own.strip("/")
    yield from (folder, *(parent for parent in folder.parents if parent.is_relative_to(root)))


def _ratio(quota: str = "", period: str = "") -> Iterator[float]:
    if quota.strip().isdecimal() and period.strip().isdecimal() and int(period):  # not "max", not -1
        yield int(quota) / int(period)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        return ""

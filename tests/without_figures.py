"""Pages without figures, for tests of something else."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import pytest


def leave_out_figures(patch: pytest.MonkeyPatch) -> None:
    """Make pages without figures, in a tenth of the time, and start no second process to draw any."""
    from convscope.figures import gallery, parallel

    def refuse(*_: object, **__: object) -> None:
        raise OSError

    patch.setattr(gallery, "drawers", lambda record: [])
    patch.setattr(parallel, "subprocess", SimpleNamespace(**{**vars(subprocess), "Popen": refuse}))

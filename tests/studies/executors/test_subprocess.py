"""The process in which a Dask worker trains is kept, passes errors on, and is replaced when it dies."""

from __future__ import annotations

import os
import time
from concurrent.futures import BrokenExecutor

import pytest

from convscope.studies.executors.subprocess import end_own_process, in_own_process


@pytest.mark.slow
def test_the_process_is_kept_passes_errors_on_and_is_replaced() -> None:
    first = in_own_process(os.getpid)
    assert first != os.getpid()
    assert in_own_process(os.getenv, "TF_NUM_INTRAOP_THREADS") == "1"
    with pytest.raises(ValueError, match="invalid literal"):
        in_own_process(int, "x")
    assert in_own_process(print, "not an answer") is None
    assert in_own_process(os.getpid) == first
    with pytest.raises(BrokenExecutor, match="died"):
        in_own_process(os._exit, 1)
    assert in_own_process(os.getpid) not in (first, os.getpid())
    end_own_process()


@pytest.mark.slow
def test_a_process_that_takes_too_long_is_ended_and_replaced() -> None:
    with pytest.raises(BrokenExecutor):
        in_own_process(time.sleep, 1000, time_limit=0.5)
    assert in_own_process(abs, -3, time_limit=100) == 3
    end_own_process()

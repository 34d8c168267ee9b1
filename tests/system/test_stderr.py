"""Redirections of file descriptor 2."""

from __future__ import annotations

import os
import sys

import pytest

from convscope.system.stderr import captured_stderr, discarded_stderr


def test_captured_stderr_is_printed_only_when_the_block_raises(capfd: pytest.CaptureFixture[str]) -> None:
    with captured_stderr():
        os.write(2, b"chatter\n")
    assert capfd.readouterr().err == ""
    with pytest.raises(ValueError, match="boom"), captured_stderr():
        os.write(2, b"what the C++ side said\n")
        raise ValueError("boom")
    assert capfd.readouterr().err == "what the C++ side said\n"


def test_discarded_stderr_is_never_printed(capfd: pytest.CaptureFixture[str]) -> None:
    sys.stderr.write("before\n")
    with pytest.raises(ValueError, match="boom"), discarded_stderr():
        os.write(2, b"chatter\n")
        raise ValueError("boom")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"

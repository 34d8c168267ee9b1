"""Recorded package versions."""

from __future__ import annotations

from importlib import metadata

import pytest

import convscope
from convscope import machine


def test_a_checkout_that_was_never_installed_knows_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", nowhere)
    versions = machine.package_versions()
    assert set(versions) == {"python", "convscope"}
    assert versions["convscope"] == convscope.__version__

"""A second run on the same data without a second training: the same network, asked with some noise."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import convscope
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.metrics import evaluation_metrics
from convscope.runs import run_folder, store


@pytest.fixture(scope="session")
def other_run(digits_run: convscope.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run whose answers are worse by much noise."""
    return with_noise(digits_run.folder, tmp_path_factory.mktemp("other") / "noisy", 6.0)


@pytest.fixture
def noisy(digits_run: convscope.Run, tmp_path: Path) -> Callable[[str, float], Path]:
    """Makes runs of answers with so much noise."""
    return lambda name, strength: with_noise(digits_run.folder, tmp_path / name, strength)


def with_noise(folder: Path, copy: Path, strength: float) -> Path:
    shutil.copytree(folder, copy)
    record = store.load_record(copy)
    old = record.evaluation
    noise = np.random.default_rng(5).normal(0, strength, old.logits.shape)
    new = Evaluation(old.labels, (old.logits + noise).astype(np.float32), old.class_names)
    store.save_record(replace(record, evaluation=new, metrics={**record.metrics, "test": evaluation_metrics(new)}), copy)
    run_folder.write_manifest(copy)
    return copy

"""Costs of runs: recorded ones, and the time per image, measured here under equal conditions."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..analysis.comparison import Costs
from ..models.predictor import Predictor
from ..run_files import ONNX_MODEL
from .opening import Opened

ROUNDS, PER_ROUND, WARM_UP = 15, 20, 10
"""A round times a few single images of each network in turn; the median over rounds is robust against other load."""


def measure_costs(runs: Sequence[Opened]) -> list[Costs]:
    """Return the costs of ``runs``, in their order; takes about 0.1 s for small networks."""
    milliseconds = time_per_image([run.folder / ONNX_MODEL for run in runs])
    return [
        Costs(
            int(run.record.metrics["parameters"]),
            int(run.record.metrics["multiply_adds"]),
            each,
            (run.folder / ONNX_MODEL).stat().st_size,
            float(run.record.metrics["train_seconds"]),
        )
        for run, each in zip(runs, milliseconds, strict=True)
    ]


def time_per_image(models: Sequence[Path]) -> list[float]:
    """Return the milliseconds that each of ``models`` takes for one image, including preprocessing."""
    predictors = [Predictor(model) for model in models]
    # Noise is enough: the work of a network does not depend on the image.
    image = np.random.default_rng(0).integers(0, 256, (1, *predictors[0].image_shape), dtype=np.uint8)
    for predictor in predictors:
        for _ in range(WARM_UP):
            predictor.logits(image)
    rounds: list[list[float]] = [[] for _ in predictors]
    for _ in range(ROUNDS):
        for predictor, seconds in zip(predictors, rounds, strict=True):
            started = time.perf_counter()
            for _ in range(PER_ROUND):
                predictor.logits(image)
            seconds.append((time.perf_counter() - started) / PER_ROUND)
    return [1000 * statistics.median(seconds) for seconds in rounds]

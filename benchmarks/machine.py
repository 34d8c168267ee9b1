"""Measure the limits of the machine, and start-up, prediction and memory.

    python benchmarks/machine.py

Compares an epoch of `cnn` with the time that its arithmetic alone would take on this machine; times whole commands and 10,000
predictions. Every value is saved to `benchmarks/results/machine.json`.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from markdown_parts import measured_with

from convscope.data.load import load_dataset
from convscope.data.preprocessing import to_inputs
from convscope.models.backend import require_backend
from convscope.system.files import write_json

RESULTS = Path(__file__).parent / "results" / "machine.json"
SIDE = 4096
MEGAFLOP_PER_IMAGE = 4.36
"""Cost of one training image of `cnn`: 758,592 multiply-adds forwards, twice as many backwards, minus the first layer's input."""


def seconds_of(work: Callable[[], object], rounds: int = 5) -> float:
    """Return the median time of ``work`` after one warm-up."""
    work()
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return median(taken)


def matrix_products() -> dict[str, float]:
    """Return 10⁹ operations per second of a product of two 4096 × 4096 matrices in TensorFlow."""
    import tensorflow as tf

    speeds = {}
    for kind in ("float32", "bfloat16"):
        matrix = tf.cast(tf.random.normal((SIDE, SIDE)), kind)
        speeds[kind] = 2e-9 * SIDE**3 / seconds_of(lambda matrix=matrix: tf.linalg.matmul(matrix, matrix).numpy())
    return speeds


def commands(run: Path) -> dict[str, float]:
    """Return the seconds of whole processes, medians of five."""
    lines = {
        "convscope --help": ["-m", "convscope", "--help"],
        "import convscope": ["-c", "import convscope"],
        "convscope data mnist": ["-m", "convscope", "data", "mnist"],
        "convscope evaluate RUN": ["-m", "convscope", "evaluate", str(run)],
        "convscope report RUN": ["-m", "convscope", "report", str(run)],
        "import tensorflow": ["-c", "import tensorflow"],
    }
    return {
        name: seconds_of(lambda line=line: subprocess.run([sys.executable, *line], capture_output=True, check=True))
        for name, line in lines.items()
    }


def long_commands(run: Path, folder: Path) -> dict[str, float]:
    """Return the seconds of commands that train several networks, run once."""
    lines = {
        "convscope audit RUN": ["audit", str(run), "--quiet"],
        "convscope study mnist --models cnn,ann --recipes sprint --seeds 10": [
            "study", "mnist", "--models", "cnn,ann", "--recipes", "sprint", "--seeds", "10", "--quiet",
            "--out", str(folder / "study"),
        ],
    }  # fmt: skip
    found = {}
    for name, line in lines.items():
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "convscope", *line], capture_output=True, check=True)
        found[name] = time.perf_counter() - started
    return found


def predictions(run: Path) -> dict[str, float]:
    """Return the seconds for 10,000 test images, from arrays."""
    import keras

    from convscope.models.predictor import Predictor

    images = load_dataset("mnist").test.images
    model, predictor = keras.saving.load_model(run / "model.keras"), Predictor(run / "model.onnx")
    return {
        "Keras `predict`, batches of 512": seconds_of(lambda: model.predict(to_inputs(images), batch_size=512, verbose=0)),
        "ONNX Runtime": seconds_of(lambda: predictor.logits(images)),
    }


def main() -> None:
    """Measure and save."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        line = [sys.executable, "-m", "convscope", "train", "mnist", "--out", str(run), "--quiet", "--json"]
        started = time.perf_counter()
        metrics = json.loads(subprocess.run(line, capture_output=True, check=True).stdout)
        whole = time.perf_counter() - started
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
        history = np.genfromtxt(run / "history.csv", delimiter=",", names=True)
        require_backend()
        speeds = matrix_products()
        epoch = float(np.median(history["seconds"][1:]))
        limit = MEGAFLOP_PER_IMAGE * metrics["data"]["train"] * 1e-3
        results: dict[str, Any] = {
            **measured_with(),
            "gigaflop_per_second": speeds,
            "epoch_seconds": epoch,
            "epoch_limit_seconds": {kind: limit / speed for kind, speed in speeds.items()},
            "train_command_seconds": whole, "train_seconds": metrics["train_seconds"], "train_peak_megabytes": memory,
            "prediction_seconds": predictions(run),
            "command_seconds": {**commands(run), **long_commands(run, Path(folder))},
        }  # fmt: skip
    write_json(RESULTS, results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()

"""Measure time and memory of one epoch on 1, 10 and 20 copies of MNIST in a memory-mapped file.

    python benchmarks/scaling.py

Trains one epoch of `sprint` per size and saves its CPU seconds and the peak of the process's private memory to
`benchmarks/results/scaling.json`. Private memory excludes pages of the mapped file, which the system can reclaim.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from markdown_parts import measured_with

from convscope.data.load import load_dataset
from convscope.models.architectures import cnn
from convscope.system import arrays
from convscope.system.files import write_json
from convscope.training.loop import fit
from convscope.training.recipes import sprint

RESULTS = Path(__file__).parent / "results" / "scaling.json"
TIMES = (1, 10, 20)


def train(path: str) -> None:
    """Train one epoch on a memory-mapped file and print its CPU seconds."""
    arrays.LARGE = 1  # so that the smallest file is mapped, too
    dataset = load_dataset(path)
    started = time.process_time()
    training = fit(cnn, dataset, sprint(), seed=0)
    measured = {"images": training.num_train, "mapped": isinstance(dataset.train.images, np.memmap),
                "processor_seconds": time.process_time() - started, "epoch_seconds": training.history[0].seconds}  # fmt: skip
    print(json.dumps(measured))


def record_private_memory(process: subprocess.Popen[str], peak: list[float]) -> None:
    """Record the peak of a process's private memory in megabytes until it ends (Linux)."""
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        found = re.search(r"RssAnon:\s+(\d+)", status.read_text("ascii"))
        if found:
            peak[0] = max(peak[0], int(found[1]) / 2**10)
        time.sleep(0.05)


def main() -> None:
    """Measure each size once and save."""
    mnist = load_dataset("mnist")
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for times in TIMES:
            path = Path(folder) / f"mnist-{times}.npz"
            np.savez(
                path,
                x_train=np.concatenate([mnist.train.images] * times), y_train=np.concatenate([mnist.train.labels] * times),
                x_test=mnist.test.images, y_test=mnist.test.labels,
            )  # fmt: skip
            peak = [0.0]
            process = subprocess.Popen([sys.executable, __file__, "--child", str(path)], stdout=subprocess.PIPE, text=True)
            watch = threading.Thread(target=record_private_memory, args=(process, peak))
            watch.start()
            output, _ = process.communicate()
            watch.join()
            runs.append({**json.loads(output), "file_megabytes": path.stat().st_size / 2**20, "own_megabytes": peak[0]})
            print(runs[-1], flush=True)
            path.unlink()
    write_json(
        RESULTS,
        {**measured_with(), "runs": runs},
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        train(sys.argv[2])
    else:
        main()

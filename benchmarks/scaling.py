"""Ten times the images: ten times the seconds, and no more memory.

    python benchmarks/scaling.py

Trains one epoch of `sprint` on MNIST written ten and twenty times over into an uncompressed `.npz` file, which is mapped
and not read, and on the file of MNIST itself, mapped too. Processor seconds of the epoch, and the most memory that was the
process's own (pages of the mapped file are the system's to take back). Kept in `benchmarks/results/scaling.json`.
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

from convscope.data.load import load_dataset
from convscope.system.files import write_json
from convscope.system.hardware import describe_machine, package_versions

RESULTS = Path(__file__).parent / "results" / "scaling.json"
TIMES = (1, 10, 20)
TRAINING = """
import json, sys, time
from convscope.data import mapped
mapped.LARGE = 1
from convscope.data.load import load_dataset
from convscope.models.architectures import cnn
from convscope.training.loop import fit
from convscope.training.recipes import sprint
dataset = load_dataset(sys.argv[1])
started = time.process_time()
training = fit(cnn, dataset, sprint(), seed=0)
print(json.dumps({"images": training.num_train, "mapped": type(dataset.train.images).__name__ == "memmap",
                  "processor_seconds": time.process_time() - started, "epoch_seconds": training.history[0].seconds}))
"""


def own_memory(process: subprocess.Popen[str], peak: list[float]) -> None:
    """Watch the megabytes of a process that are its own, until it ends."""
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        found = re.search(r"RssAnon:\s+(\d+)", status.read_text("ascii"))
        if found:
            peak[0] = max(peak[0], int(found[1]) / 2**10)
        time.sleep(0.05)


def main() -> None:
    """Measure each size once, and write."""
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
            process = subprocess.Popen([sys.executable, "-c", TRAINING, str(path)], stdout=subprocess.PIPE, text=True)
            watch = threading.Thread(target=own_memory, args=(process, peak))
            watch.start()
            output, _ = process.communicate()
            watch.join()
            runs.append({**json.loads(output), "file_megabytes": path.stat().st_size / 2**20, "own_megabytes": peak[0]})
            print(runs[-1], flush=True)
            path.unlink()
    write_json(
        RESULTS,
        {"machine": describe_machine(), "versions": package_versions(), "date": time.strftime("%Y-%m-%d"), "runs": runs},
    )


if __name__ == "__main__":
    main()

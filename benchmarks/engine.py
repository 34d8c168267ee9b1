"""Measure the native engine against the machine's own product of matrices.

    python benchmarks/engine.py [--rounds 5] [--images 12800] [--out FILE]

Times steps of `cnn`, `ann` and `strong` on MNIST with one thread up to one more than there are cores, and compares an epoch
of 57,000 images with the time that its arithmetic would take at the speed of a float32 product of two large matrices (NumPy)
with as many threads. Also: how the time grows with images, channels and the size of images, an epoch beside as many busy
processes as there are cores, and predictions. Every value is saved to `benchmarks/results/engine.json`. The engine must be
built.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from convscope.data.known.builtin import load_mnist
from convscope.models.architectures import MODELS
from convscope.models.layers import Conv2D, Dense, Flatten, MaxPooling2D, sequential
from convscope.models.network import Network
from convscope.models.summary import layer_table
from convscope.system.files import write_json
from convscope.system.hardware import describe_machine, package_versions
from convscope.training.native.engine import Engine, OptimizerSettings

RESULTS = Path(__file__).parent / "results" / "engine.json"
EPOCH = 57_000
"""Training images of MNIST without the 3,000 held out for validation."""
BATCH = 64
SIDE = 2048
SETTINGS = OptimizerSettings(beta_2=0.95, label_smoothing=0.05)
IMAGES_AT_A_TIME = 10_000


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=12_800, help="per timing; times are scaled to an epoch")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    machine = describe_machine()
    threads = range(1, machine["cores"] + 2)
    speeds = {each: product_speed(each) for each in threads}
    results: dict[str, Any] = {
        "machine": machine, "versions": package_versions(), "date": time.strftime("%Y-%m-%d"),
        "images_per_timing": given.images, "batch_size": BATCH, "epoch_images": EPOCH,
        "product_gigaflop_per_second": speeds,
        "epochs": epochs(given.rounds, given.images, speeds),
        "growth": growth(given.rounds),
        "beside_busy_processes": beside_busy_processes(given.rounds, given.images, machine["cores"]),
        "prediction_seconds": predictions(given.rounds, machine["cores"]),
    }  # fmt: skip
    write_json(given.out, results)
    show(results)


def network_of(name: str, shape: tuple[int, int, int] = (28, 28, 1), classes: int = 10) -> Network:
    """Return one of the package's networks with fresh weights."""
    network = MODELS[name](shape, classes)
    assert isinstance(network, Network)
    return network


def operations(network: Network) -> int:
    """Return the floating-point operations of one training image: forwards, and twice as many backwards, without the
    gradient of the images."""
    counts = [row.multiply_adds for row in layer_table(network) if row.multiply_adds]
    return 2 * (3 * sum(counts) - counts[0])


def product_speed(threads: int) -> float:
    """Return 10⁹ operations per second of a float32 product of two matrices, the fastest of five."""
    matrix = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    with threadpool_limits(threads):
        return 2e-9 * SIDE**3 / min(seconds_of(lambda: matrix @ matrix) for _ in range(5))


def seconds_of(work: Callable[[], object]) -> float:
    """Return the wall-clock seconds of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class Trainer:
    """An engine and what its steps need; :meth:`steps` takes as many as the images fill."""

    def __init__(self, network: Network, images: Any, labels: Any, threads: int, batch: int = BATCH) -> None:
        self._engine = Engine(network, batch_size=batch, threads=threads)
        self._arguments = (
            images,
            labels,
            np.random.default_rng(0).permutation(len(images)),
            np.full(-(-len(images) // batch), 1e-3),
        )

    def steps(self) -> None:
        self._engine.train(*self._arguments, SETTINGS)

    def timings(self, rounds: int) -> list[float]:
        """Return wall-clock seconds, after one round to warm up."""
        self.steps()
        return [seconds_of(self.steps) for _ in range(rounds)]


def epochs(rounds: int, number: int, speeds: dict[int, float]) -> dict[str, dict[int, dict[str, Any]]]:
    """Return seconds of an epoch and what its arithmetic would take, by network and number of threads."""
    split = load_mnist().train
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for name in ("cnn", "ann", "strong"):
        network, used = network_of(name), number // 4 if name == "strong" else number
        limits = {threads: EPOCH * operations(network) * 1e-9 / speed for threads, speed in speeds.items()}
        found[name] = {}
        for threads, limit in limits.items():
            taken = Trainer(network, split.images[:used], split.labels[:used], threads).timings(rounds)
            seconds = [EPOCH / used * each for each in taken]
            found[name][threads] = {"seconds": seconds, "arithmetic_seconds": limit, "ratio": min(seconds) / limit}
    return found


def growth(rounds: int) -> dict[str, dict[str, float]]:
    """Return the fastest seconds of one variable after another, each twice as large from entry to entry."""
    found: dict[str, dict[str, float]] = {}
    found["images, cnn"] = {f"{number:,}": timed(network_of("cnn"), number, rounds) for number in (3_200, 6_400, 12_800)}
    found["channels, 3,200 images of 28 × 28"] = {
        f"{filters} and {2 * filters}": timed(plain(28, filters), 3_200, rounds) for filters in (16, 32, 64)
    }
    found["side, 800 images"] = {f"{side} × {side}": timed(plain(side, 16), 800, rounds) for side in (28, 56, 112)}
    return found


def plain(side: int, filters: int) -> Network:
    """Return two convolutions with pooling and a dense layer, for square grey images."""
    layers = [
        Conv2D(filters, 3, activation="relu", padding="same"),
        MaxPooling2D(2),
        Conv2D(2 * filters, 3, activation="relu", padding="same"),
        MaxPooling2D(2),
        Flatten(),
        Dense(10, activation="softmax"),
    ]
    return sequential("plain", (side, side, 1), layers)


def timed(network: Network, number: int, rounds: int) -> float:
    """Return the fastest seconds of a pass over random images with one thread."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (number, *network.input_shape), np.uint8)
    return min(Trainer(network, images, generator.integers(0, 10, number), 1).timings(rounds))


@contextmanager
def busy_processes(number: int) -> Iterator[None]:
    """Keep ``number`` processors busy."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        time.sleep(0.5)
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def beside_busy_processes(rounds: int, number: int, cores: int) -> dict[str, Any]:
    """Return seconds of an epoch of `cnn` alone and beside as many busy processes as there are cores, alternately.

    A fair share would take twice as long.
    """
    split = load_mnist().train
    trainer = Trainer(network_of("cnn"), split.images[:number], split.labels[:number], cores)
    alone: list[float] = []
    beside: list[float] = []
    for _ in range(rounds):
        alone += [EPOCH / number * each for each in trainer.timings(1)]
        with busy_processes(cores):
            beside += [EPOCH / number * each for each in trainer.timings(1)]
    return {"alone": alone, "beside": beside, "ratio": median(beside) / median(alone)}


def predictions(rounds: int, threads: int) -> dict[str, list[float]]:
    """Return seconds for 10,000 test images."""
    images = load_mnist().test.images[:IMAGES_AT_A_TIME]
    found = {}
    for name in ("cnn", "ann", "strong"):
        engine = Engine(network_of(name), batch_size=BATCH, threads=threads)
        found[name] = [seconds_of(lambda engine=engine: engine.logits(images)) for _ in range(rounds)]
    return found


def show(results: dict[str, Any]) -> None:
    """Print the table."""
    print(
        "product of matrices:",
        {each: f"{speed:.0f} GFLOP/s" for each, speed in results["product_gigaflop_per_second"].items()},
    )
    print(f"{'epoch of':10}{'threads':>8}{'seconds':>10}{'arithmetic':>12}{'ratio':>8}")
    for name, by_threads in results["epochs"].items():
        for threads, row in by_threads.items():
            print(f"{name:10}{threads:8}{min(row['seconds']):10.2f}{row['arithmetic_seconds']:12.2f}{row['ratio']:8.2f}")
    for variable, row in results["growth"].items():
        print(f"{variable}:", ", ".join(f"{value}: {seconds:.3f} s" for value, seconds in row.items()))
    row = results["beside_busy_processes"]
    print(
        f"cnn alone {median(row['alone']):.2f} s, beside busy processes {median(row['beside']):.2f} s: {row['ratio']:.2f} times"
    )
    print("10,000 predictions:", {name: f"{min(taken):.2f} s" for name, taken in results["prediction_seconds"].items()})


if __name__ == "__main__":
    main()

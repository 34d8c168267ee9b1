"""Measure the seconds per epoch of variants of the recipes, three epochs each, without the first.

    python benchmarks/epochs.py [--rounds 2]

Prints wall-clock and CPU seconds per epoch. On a shared machine CPU seconds vary less: when another tenant takes a core, the
wall-clock time doubles and the CPU time hardly changes.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from itertools import pairwise

from convscope.data.load import load_dataset
from convscope.models.architectures import cnn
from convscope.training.augmentation import Augmentation
from convscope.training.events import Event, TrainProgress
from convscope.training.loop import fit
from convscope.training.recipes import notebook, standard

EPOCHS = 3
VARIANTS = {
    "standard": standard(),
    "standard, not shifted": replace(standard(), augmentation=Augmentation()),
    "notebook": notebook(),
}


def main() -> None:
    """Measure every variant in each round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    rounds = parser.parse_args().rounds
    dataset = load_dataset("mnist")
    for _ in range(rounds):
        for name, config in VARIANTS.items():
            stamps: list[tuple[float, float]] = []

            def stamp(event: Event, stamps: list[tuple[float, float]] = stamps) -> None:
                if isinstance(event, TrainProgress) and event.record:
                    stamps.append((time.perf_counter(), time.process_time()))

            training = fit(cnn, dataset, config.with_epochs(EPOCHS), seed=0, progress=stamp)
            clock, processor = ([later[which] - earlier[which] for earlier, later in pairwise(stamps)] for which in (0, 1))
            print(
                f"{name:22s} wall {min(clock):.2f} to {max(clock):.2f}  CPU {min(processor):.2f} to {max(processor):.2f}"
                f"  first epoch {training.history[0].seconds:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()

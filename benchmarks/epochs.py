"""Where the seconds of an epoch go: variants of the recipes in turn, three epochs each, the first one left out.

    python benchmarks/epochs.py [--rounds 2]

Prints seconds of the clock and of the processor per epoch. On a shared machine the second is the steadier one: when
another tenant takes a core, the clock doubles and the processor's seconds barely move.
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
    "standard, no shifts": replace(standard(), augmentation=Augmentation()),
    "standard, not normalised": replace(standard(), batch_normalization=False),
    "standard, blind pixels too": replace(standard(), crop_unused_pixels=False),
    "standard, float32": replace(standard(), precision="float32"),
    "notebook": notebook(),
}


def main() -> None:
    """Run every variant, in turn, as often as asked."""
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
                f"{name:22s} clock {min(clock):.2f} to {max(clock):.2f}  processor {min(processor):.2f} to {max(processor):.2f}"
                f"  first epoch {training.history[0].seconds:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()

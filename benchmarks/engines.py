"""Compare the accuracy of both engines on several datasets, with the same recipe and seeds.

    python benchmarks/engines.py [--seeds 3] [--epochs N]

The datasets are scikit-learn's digits, Fashion-MNIST (where it is installed) and a folder of colour photos: pieces of 32 × 32
pixels of scikit-learn's two sample photos, the left half of each for training and the right half for testing. Every value is
saved to `benchmarks/results/engines.json`.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from markdown_parts import measured_with
from PIL import Image
from sklearn.datasets import load_sample_images

from convscope.data.dataset import Dataset
from convscope.data.load import load_dataset
from convscope.errors import DatasetError
from convscope.models.architectures import cnn
from convscope.system.files import write_json
from convscope.training.loop import fit
from convscope.training.recipes import standard

RESULTS = Path(__file__).parent / "results" / "engines.json"
SIDE, PIECES = 32, 400


def photos(folder: Path) -> Dataset:
    """Write pieces of two photos as a folder of image files, and read it."""
    generator = np.random.default_rng(0)
    for name, photo in zip(("temple", "flower"), load_sample_images().images, strict=True):
        middle = photo.shape[1] // 2
        for split, part in (("train", photo[:, :middle]), ("test", photo[:, middle:])):
            target = folder / split / name
            target.mkdir(parents=True)
            for number in range(PIECES):
                top, left = (int(generator.integers(0, size - SIDE)) for size in part.shape[:2])
                Image.fromarray(part[top : top + SIDE, left : left + SIDE]).save(target / f"{number}.png")
    return load_dataset(folder)


def main() -> None:
    """Train every dataset with both engines and save the accuracies on the test split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int)
    given = parser.parse_args()
    runs: dict[str, dict[str, list[dict[str, Any]]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        datasets = [load_dataset("digits"), photos(Path(folder))]
        try:
            datasets.insert(1, load_dataset("fashion"))
        except DatasetError as error:
            print(f"without Fashion-MNIST: {error}")
        for dataset in datasets:
            name = "colour photos" if dataset is datasets[-1] else dataset.name
            for engine in ("native", "keras"):
                found = runs.setdefault(name, {}).setdefault(engine, [])
                for seed in range(given.seeds):
                    training = fit(cnn, dataset, standard().with_epochs(given.epochs), seed=seed, engine=engine)
                    correct = training.logits(dataset.test.images).argmax(axis=1) == dataset.test.labels
                    found.append({"seed": seed, "accuracy": float(correct.mean()), "train_seconds": training.seconds})
                values = [100 * each["accuracy"] for each in found]
                spread = f" ± {stdev(values):.2f}" if len(values) > 1 else ""
                print(f"{name:14} {engine:7} {mean(values):.2f}{spread}%, n = {len(values)}", flush=True)
    made = measured_with()
    write_json(RESULTS, {**made, "recipe": "standard", "epochs": given.epochs or standard().epochs, "runs": runs})


if __name__ == "__main__":
    main()

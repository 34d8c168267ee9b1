"""Measure which pictures that show no digit `predict` warns of, and which digits that are not MNIST's.

    python benchmarks/out_of_distribution.py [--seeds 3] [--pictures 400]

Trains ``cnn`` by the recipe `standard` per seed and compares scores: the mean distance to the nearest 5 of 500 training images (the
score of earlier versions), Mahalanobis distances that differ in the normalization and the shrinkage, and the mean of two. One is
chosen by the kinds of pictures in ``CHOOSING`` and one half of the UCI digits, and its rates are reported on the kinds in
``REPORTED``, the other half and MNIST's test images. Writes ``benchmarks/results/out_of_distribution.json``;
``benchmarks/robustness.py --table`` shows it in ``docs/robustness.md``. ``REPORTED`` needs scikit-image.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

import convscope
from convscope.analysis.evidence import FITTED
from convscope.analysis.ood import mahalanobis
from convscope.analysis.sampling import reference_sample
from convscope.data.known.builtin import load_digits, load_mnist
from convscope.data.preprocessing import ImagePreprocessor
from convscope.prediction.classifier import open_classifier
from convscope.system.files import write_json
from convscope.training.validation_split import train_and_holdout_indices

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(Path(__file__).parent)]

import handwriting  # type: ignore[import-not-found]  # noqa: E402
from markdown_parts import conditions, measured_with, percent, table  # noqa: E402
from unknown_pictures import CHOOSING, REPORTED, Picture  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "out_of_distribution.json"
PERCENTILES = (99.0, 99.5)
OLD, CHOSEN = "nearest 5 of 500 images", "Mahalanobis, by the root of the length"
SETTINGS = {
    "Mahalanobis, undivided": (0.0, 0.01),
    CHOSEN: (0.5, 0.01),
    "Mahalanobis, by the root, shrinkage 0.1": (0.5, 0.1),
    "Mahalanobis, by the length": (1.0, 0.01),
    "Mahalanobis, by the length, shrinkage 0.1": (1.0, 0.1),
}
"""Damping and shrinkage."""
MEAN = "mean of undivided and by the length"
Floats = npt.NDArray[np.floating[Any]]
Images = npt.NDArray[np.uint8]
Score = Callable[[Floats], Floats]
Result = dict[str, Any]


def digits_of_uci() -> tuple[list[Picture], Images]:
    """Return the handwritten digits of the UCI collection, enlarged from 8 × 8, and their labels."""
    data = load_digits()
    images = np.concatenate([data.train.images, data.test.images])[..., 0]
    large = [np.clip(ndimage.zoom(np.pad(image.astype(float), 1), 10, order=3), 0, 255).astype(np.uint8) for image in images]
    return large, np.concatenate([data.train.labels, data.test.labels])


def digits_of_splines(number: int) -> tuple[list[Picture], Images]:
    """Return digits drawn with splines, and their labels."""
    labels, pictures = np.arange(number) % 10, []
    for index, label in enumerate(labels):
        random = np.random.default_rng([7, index])
        ink = handwriting.penned(str(label), int(random.integers(80, 160)), random)
        pictures.append(np.rint(235 - 200 * ink).astype(np.uint8))
    return pictures, labels


def prepared(preprocessor: ImagePreprocessor, pictures: list[Picture]) -> tuple[Images, npt.NDArray[np.bool_]]:
    """Return the network's inputs, and which pictures are not found empty."""
    found = [preprocessor.preprocess(each if each.ndim == 3 else each[..., None]) for each in pictures]
    return np.stack([each.pixels for each in found]), np.array([not each.is_empty for each in found])


def nearest_score(reference: Floats) -> Score:
    """Return the score of earlier versions: the mean distance to the nearest 5 reference images, at unit length."""

    def unit(rows: Floats) -> Floats:
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))

    def score(features: Floats) -> Floats:
        squares = mahalanobis.squared_distances(unit(features), unit(reference))
        return np.asarray(np.sqrt(np.partition(squares, 4, axis=1)[:, :5]).mean(axis=1))

    return score


def mahalanobis_score(features: Floats, labels: Images, damping: float, shrinkage: float) -> Score:
    """Return the distance as convscope measures it, but for these settings."""

    def with_settings(work: Callable[[], Any]) -> Any:
        before = mahalanobis.DAMPING, mahalanobis.SHRINKAGE
        mahalanobis.DAMPING, mahalanobis.SHRINKAGE = damping, shrinkage
        try:
            return work()
        finally:
            mahalanobis.DAMPING, mahalanobis.SHRINKAGE = before

    fitted = with_settings(lambda: mahalanobis.MahalanobisDistance.fit(features, labels, features, ""))
    return lambda new: np.asarray(with_settings(lambda: fitted.of(new)))


def mean_score(scores: list[Score], held_out: Floats) -> Score:
    """Return the mean of several scores, each in units of its threshold."""
    units = [np.percentile(score(held_out), 99) for score in scores]
    return lambda features: np.mean([score(features) / unit for score, unit in zip(scores, units, strict=True)], axis=0)


def measure(run: Path, sets: dict[str, tuple[Images, npt.NDArray[np.bool_], Images | None]]) -> Result:
    """Return the shares beyond the threshold of each score: of known images, of digits by whether they are right, of others."""
    request = json.loads((run / "run.json").read_text("utf-8"))
    train, test, predictor = load_mnist().train, load_mnist().test, open_classifier(run).predictor

    def features(images: Images) -> Floats:
        return predictor.features_and_logits(images)[0]  # type: ignore[union-attr]

    trained, held_out, _ = train_and_holdout_indices(train, request["config"], seed=request["seed"])
    sample, few = (reference_sample(train.labels, trained, held_out, number=number, seed=0) for number in (FITTED, 500))
    fitted, validation = features(train.images[sample]), features(train.images[held_out])
    scores = {OLD: nearest_score(features(train.images[few]))}
    for name, settings in SETTINGS.items():
        scores[name] = mahalanobis_score(fitted, train.labels[sample], *settings)
    scores[MEAN] = mean_score([scores[name] for name in list(SETTINGS)[::3]], validation)
    seen = {name: (features(images), predictor.logits(images).argmax(axis=1)) for name, (images, _, _) in sets.items()}
    known, found = features(test.images), predictor.logits(test.images).argmax(axis=1)
    rates: Result = {}
    for name, score in scores.items():
        for percentile in PERCENTILES:
            threshold = np.percentile(score(validation), percentile)
            beyond = score(known) > threshold
            row = {"test images": float(beyond.mean()), "test images, wrong": float(beyond[found != test.labels].mean())}
            for each, (_, is_found, labels) in sets.items():
                warned = score(seen[each][0]) > threshold
                if labels is None:
                    row[each] = float((warned & is_found).mean())
                else:
                    right = seen[each][1] == labels
                    row[f"{each}, right"] = float(warned[right].mean())
                    row[f"{each}, wrong"] = float(warned[~right].mean()) if not right.all() else None
            rates[f"{name}, {percentile:g}"] = row
    labelled = {name: labels for name, (_, _, labels) in sets.items() if labels is not None}
    accuracy = {name: float((seen[name][1] == labels).mean()) for name, labels in labelled.items()}
    return {"seed": request["seed"], "rates": rates, "accuracy": accuracy}


def measure_all(seeds: int, number: int) -> Result:
    """Make the pictures, train a network per seed, measure."""
    pictures = {
        name: ([draw(np.random.default_rng([row, index])) for index in range(number)], None)
        for row, (name, draw) in enumerate((CHOOSING | REPORTED).items())
    }
    (images, labels), half = digits_of_uci(), 900
    digits = {
        "digits of splines": digits_of_splines(number),
        "UCI digits, first half": (images[:half], labels[:half]),
        "UCI digits, second half": (images[half:], labels[half:]),
    }
    sets: Any = {}
    with tempfile.TemporaryDirectory() as folder:
        runs = []
        for seed in range(seeds):
            out = Path(folder) / str(seed)
            convscope.train("mnist", seed=seed, out=out, report=False)
            if not sets:
                preprocessor = open_classifier(out).fitting
                sets = {
                    name: (*prepared(preprocessor, each), labels) for name, (each, labels) in (pictures | digits).items()
                }
            runs.append(measure(out, sets))
            print(json.dumps(runs[-1], indent=1), flush=True)
    return {
        **measured_with(), "recipe": "standard",
        "pictures": number, "digits": {name: len(labels) for name, (_, labels) in digits.items()},
        "no digit found": {name: float(1 - sets[name][1].mean()) for name in pictures},
        "runs": runs,
    }  # fmt: skip


def mean_rate(results: Result, score: str, *names: str) -> float:
    """Return the share of a score, at a percentile, over seeds and several sets."""
    return float(np.mean([run["rates"][score][name] for run in results["runs"] for name in names]))


TEXT = """`benchmarks/out_of_distribution.py` trained `cnn` by `standard` with {seeds} seeds and warned beyond the 99th percentile
of the validation images: of {pictures} pictures of each kind, as `convscope predict --single` prepares them. {conditions}.

{reported}

Both scores are distances in the last hidden layer: to the nearest 5 of 500 training images, by which earlier versions warned, and
the Mahalanobis distance to the nearest class. "No digit" is the share of pictures without an answer, which the rates do not count
as warned of. Kinds and seeds differ widely, so no rate holds for other pictures: about half of all letters pass for digits, and
clothes and noise are warned of less than before. The UCI digits, real handwriting enlarged from 8 × 8 pixels, are those that the
networks read right ({accuracy}%), and wrong.

The score was chosen by other pictures ({choosing}) and by the other half of the UCI digits. In percent, over all kinds:

{chosen}"""


def section(results: Result) -> str:
    """Return the section of `docs/robustness.md`."""
    scores = [f"{score}, 99" for score in (OLD, CHOSEN)]
    digits = "UCI digits, second half"
    names = ["test images", "test images, wrong", f"{digits}, right", f"{digits}, wrong", *REPORTED]
    rows = []
    for name in names:
        seeds = [100 * run["rates"][scores[1]][name] for run in results["runs"]]
        empty = results["no digit found"].get(name, 0)
        shares = [percent(mean_rate(results, score, name)) for score in scores]
        rows.append([name, *shares, f"{min(seeds):.1f}–{max(seeds):.1f}", percent(empty)])
    chosen = [
        [score, *(percent(mean_rate(results, f"{score}, {percentile:g}", *kinds)) for percentile in PERCENTILES
                  for kinds in (CHOOSING, ["UCI digits, first half, right"]))]
        for score in (OLD, *SETTINGS, MEAN)
    ]  # fmt: skip
    accuracy = np.mean([run["accuracy"][digits] for run in results["runs"]])
    return TEXT.format(
        seeds=len(results["runs"]), pictures=results["pictures"], conditions=conditions(results), choosing=", ".join(CHOOSING),
        accuracy=percent(float(accuracy)),
        reported=table(["% warned of", "nearest images", "Mahalanobis", "its seeds", "no digit"], rows),
        chosen=table(["score", "99th percentile: detected", "right digits flagged", "99.5th: detected", "right flagged"], chosen),
    )  # fmt: skip


def load() -> Result | None:
    """Return the saved results, if there are any."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else None


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=400)
    given = parser.parse_args()
    write_json(RESULTS, measure_all(given.seeds, given.pictures))


if __name__ == "__main__":
    main()

"""Compare the rule of the recipe `standard` with what it replaced and with other classifiers, on sets of 50 to 50,000 images.

    python benchmarks/recipe_rule.py [--sets digits,mnist-50] [--seeds 3]
    python benchmarks/recipe_rule.py --choose
    python benchmarks/recipe_rule.py --table

Every set of `benchmarks/recipe_sets.py` is learned by the network `cnn` with the settings of `standard` for MNIST, the default
until the rule; with `best`; and with `standard` as it adapts; by the same layers in plain Keras with early stopping; and by a
support vector machine on histograms of oriented gradients. The test images chose nothing: ``--choose`` compares the settings that
the rule was chosen from on a quarter of each training split. Every value is saved to `benchmarks/results/recipe_rule.json` at once,
so a stopped measurement continues where it was; the table of `docs/recipes.md` is generated from it. The sets need scikit-image
and Debian's dataset-fashion-mnist besides the development packages.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from markdown_parts import replace_between
from recipe_sets import SETS, Array

from convscope.data.dataset import Dataset
from convscope.data.split import stratified_split
from convscope.models.architectures import cnn
from convscope.models.keras_model import to_keras
from convscope.system.files import write_json
from convscope.system.hardware import describe_machine, package_versions
from convscope.training.augmentation import Augmentation
from convscope.training.config import TrainConfig
from convscope.training.loop import fit
from convscope.training.recipe_rule import TrainingSet
from convscope.training.recipes import best, find_recipe, standard

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "recipe_rule.json"
PAGE = ROOT / "docs" / "recipes.md"
PATIENCE, MOST_EPOCHS = 5, 30
CELL, ANGLES = 4, 9
MOST = {"best": 15_000, "hog": 15_000, "keras": 15_000}
"""Training images up to which the slow methods are measured."""
WITHOUT_CHANCE = ("hog",)
"""Methods that give the same result with every seed."""


def by_recipe(dataset: Dataset, seed: int, config: TrainConfig) -> Array:
    """Return the logits of the test images."""
    return fit(cnn, dataset, config, seed=seed, engine="native").logits(dataset.test.images)


def by_keras(dataset: Dataset, seed: int) -> Array:
    """Train the layers of `cnn` as most tutorials do: Adam, batches of 64, no augmentation, early stopping on held-out images."""
    import keras

    keras.utils.set_random_seed(seed)
    kept, held = stratified_split(dataset.train.labels, 1 / 12, seed=seed)
    model = to_keras(cnn(dataset.image_shape, dataset.num_classes))
    model = keras.models.clone_model(model)  # with fresh weights
    images, labels = dataset.train.images / np.float32(255), dataset.train.labels
    model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy")
    stopping = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
    validation = (images[held], labels[held])
    model.fit(
        images[kept], labels[kept], batch_size=64, epochs=MOST_EPOCHS, validation_data=validation, callbacks=[stopping], verbose=0
    )  # fmt: skip
    return np.asarray(model.predict(dataset.test.images / np.float32(255), verbose=0))


def hog(images: Array) -> Array:
    """Return histograms of oriented gradients over cells of 4 × 4 pixels, normalised in blocks of 2 × 2 cells."""
    grey = images.astype(np.float32).mean(axis=-1) / 255
    down, across = np.gradient(grey, axis=(1, 2))
    strength, angle = np.hypot(down, across), np.arctan2(down, across) % np.pi * ANGLES / np.pi
    rows, columns = (side // CELL for side in grey.shape[1:])
    cells = np.zeros((len(grey), rows, columns, ANGLES), np.float32)
    for each in range(ANGLES):
        part = np.where(np.floor(angle) % ANGLES == each, strength, 0)[:, : rows * CELL, : columns * CELL]
        cells[..., each] = part.reshape(len(grey), rows, CELL, columns, CELL).sum(axis=(2, 4))
    blocks = np.concatenate([cells[:, y : rows - 1 + y, x : columns - 1 + x] for y in (0, 1) for x in (0, 1)], axis=-1)
    norms = np.linalg.norm(blocks, axis=-1, keepdims=True)
    return (blocks / (norms + 0.01)).reshape(len(grey), -1)


def by_hog(dataset: Dataset, seed: int) -> Array:
    """Return one-hot answers of a support vector machine; its kernel is Gaussian, its C is 10."""
    from sklearn.svm import SVC

    machine = SVC(C=10, random_state=seed).fit(hog(dataset.train.images), dataset.train.labels)
    return np.eye(dataset.num_classes)[machine.predict(hog(dataset.test.images))]


OTHERS = {"before": replace(standard(), recipe="standard"), "best": replace(best(), recipe="standard")}
METHODS: dict[str, Callable[[Dataset, int], Array]] = {
    **{name: partial(by_recipe, config=config) for name, config in OTHERS.items()},
    "standard": lambda dataset, seed: by_recipe(dataset, seed, find_recipe("standard", TrainingSet.of(dataset))),
    "hog": by_hog,
    "keras": by_keras,
}
NAMES = {
    "before": "`standard` before", "best": "`best`", "standard": "`standard` now", "keras": "Keras, early stopping",
    "hog": "HOG + SVM",
}  # fmt: skip


def warped(strength: float = 1.0, **changes: Any) -> Augmentation:
    """Return the augmentation of `best`, of another strength."""
    return replace(best().augmentation.times(strength), **changes)


CANDIDATES = {
    "standard for MNIST": standard(),
    "best": best(),
    "best, 10 epochs": replace(best(), epochs=10, final_epochs_less_augmented=1),
    "best, 40 epochs": replace(best(), epochs=40, final_epochs_less_augmented=4),
    "best, warped 1.6 times as much": replace(best(), augmentation=warped(1.6)),
    "best, flipped": replace(best(), augmentation=warped(flip=True)),
    "best, only shifted": replace(best(), augmentation=Augmentation(shift=1 / 14)),
    "best, unchanged images": replace(best(), augmentation=Augmentation()),
    "best, labels not smoothed": replace(best(), label_smoothing=0.0),
    "best, labels smoothed by 0.1": replace(best(), label_smoothing=0.1),
    "best, batches of 32": replace(best(), batch_size=32, learning_rate=0.004),
    "best, half the learning rate": replace(best(), learning_rate=0.004),
}
CHOSEN_ON = ("digits", "mnist-200", "mnist-1000", "mnist-uneven", "fashion-1000", "letters-26", "letters-62", "signs", "textures",
             "photos")  # fmt: skip


def measure(method: Callable[[Dataset, int], Array], dataset: Dataset, seed: int) -> dict[str, Any]:
    """Return the correct answers among the test images and the seconds that ``method`` took."""
    clock, processor = time.perf_counter(), time.process_time()
    scores = method(dataset, seed).astype(np.float64)
    seconds, processor = time.perf_counter() - clock, time.process_time() - processor
    right = scores.argmax(axis=1) == dataset.test.labels
    return {"correct": int(right.sum()), "n": len(right), "seconds": seconds, "cpu_seconds": processor}


def validation_part(dataset: Dataset) -> Dataset:
    """Return a dataset of the training split alone, a quarter of which stands for the test split."""
    kept, held = stratified_split(dataset.train.labels, 0.25, seed=99)
    return replace(dataset, train=dataset.train.take(kept), test=dataset.train.take(held))


def load() -> dict[str, Any]:
    """Return the saved results."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {"test": {}, "validation": {}}


def save(part: str, name: str, method: str, found: dict[str, Any], dataset: Dataset) -> None:
    """Add one measurement."""
    results = load()
    results |= {"machine": describe_machine(), "versions": package_versions(), "date": time.strftime("%Y-%m-%d")}
    shape = {"train": len(dataset.train), "test": len(dataset.test), "image_shape": list(dataset.image_shape),
             "classes": dataset.num_classes}  # fmt: skip
    entry = results[part].setdefault(name, {"set": shape, "runs": {}})
    entry["runs"].setdefault(method, []).append(found)
    write_json(RESULTS, results)
    print(part, name, method, f"{100 * found['correct'] / found['n']:.2f} %, {found['cpu_seconds']:.1f} s", flush=True)


def same_as(dataset: Dataset) -> str:
    """Return the other method, if there is one, whose settings `standard` takes for a set, so that it need not be measured."""
    own = find_recipe("standard", TrainingSet.of(dataset))
    return next((name for name, config in OTHERS.items() if config == own), "")


def done(part: str, name: str, method: str) -> int:
    return len(load()[part].get(name, {"runs": {}})["runs"].get(method, []))


def cell(runs: list[dict[str, Any]]) -> str:
    """Return mean ± standard deviation of the accuracy in percent, and the mean seconds of processor time."""
    if not runs:
        return "–"
    shares = 100 * np.array([run["correct"] / run["n"] for run in runs])
    spread = f" ± {shares.std(ddof=1):.1f}" if len(runs) > 1 else ""
    return f"{shares.mean():.1f}{spread} ({np.mean([run['cpu_seconds'] for run in runs]):.1f} s)"


def table(results: dict[str, Any]) -> str:
    """Return a row per set, with machine and versions."""
    head = "| set (training images, size, classes) | " + " | ".join(NAMES.values()) + " |"
    lines = [head, "| --- " * (len(NAMES) + 1) + "|"]
    for name, each in results["test"].items():
        height, width, channels = each["set"]["image_shape"]
        colour = ", colour" if channels == 3 else ""
        what = f"{name} ({each['set']['train']:,}, {height} × {width}{colour}, {each['set']['classes']})"
        lines.append(f"| {what} | " + " | ".join(cell(each["runs"].get(method, [])) for method in NAMES) + " |")
    machine, versions = results["machine"], results["versions"]
    named = ", ".join(
        f"{name} {versions[name]}" for name in ("python", "numpy", "keras", "tensorflow-cpu") if name in versions
    )
    foot = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; {named}; {results['date']}."
    return "\n".join([*lines, "", foot])


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--choose", action="store_true", help="compare the candidates on validation images")
    parser.add_argument("--table", action="store_true", help="only regenerate the table")
    arguments = parser.parse_args()
    if arguments.table:
        replace_between(PAGE, "recipe rule", table(load()))
        return
    if "keras" in arguments.methods and not arguments.choose:
        import keras  # noqa: F401  (so that the first training's seconds are not those of the import)
    for name in arguments.sets.split(",") if arguments.sets else CHOSEN_ON if arguments.choose else SETS:
        dataset = SETS[name]()
        if arguments.choose:
            part = validation_part(dataset)
            for candidate, config in CANDIDATES.items():
                for seed in range(done("validation", name, candidate), arguments.seeds):
                    found = measure(partial(by_recipe, config=config), part, seed)
                    save("validation", name, candidate, found, part)
            continue
        for method in arguments.methods.split(","):
            if len(dataset.train) > MOST.get(method, len(dataset.train)):
                continue
            if method == "standard" and (other := same_as(dataset)):
                for found in load()["test"][name]["runs"][other][done("test", name, method) :]:
                    save("test", name, method, found, dataset)
                continue
            for seed in range(done("test", name, method), 1 if method in WITHOUT_CHANCE else arguments.seeds):
                found = measure(METHODS[method], dataset, seed)
                save("test", name, method, found, dataset)


if __name__ == "__main__":
    main()

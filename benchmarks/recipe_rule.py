"""Compare the rule of the recipe `standard` with what it replaced and with other classifiers, on sets of 50 to 50,000 images.

    python benchmarks/recipe_rule.py [--sets digits,mnist-50] [--seeds 3]
    python benchmarks/recipe_rule.py --choices --seeds 8 [--sets …] [--neighbours …]
    python benchmarks/recipe_rule.py --table

Every set of `benchmarks/recipe_sets.py` is learned by the network `cnn` with the settings of `standard` for MNIST, the default
until the rule; with `best`; and with `standard` as it adapts; by the same layers in plain Keras with early stopping; and by a
support vector machine on histograms of oriented gradients. The test images chose nothing: ``--choices`` compares each setting of
the rule with its neighbours on smaller sets with validation images of their own. Every value is saved at once, to
`recipe_rule.json` or `recipe_choices.json` in `benchmarks/results/`, so a stopped measurement continues where it was; the tables
of `docs/recipes.md` are generated from them. The sets need scikit-image and Debian's dataset-fashion-mnist besides the development
packages.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from markdown_parts import conditions, in_parentheses, measured_with, replace_between
from markdown_parts import table as markdown_table
from recipe_sets import SETS, VALIDATION_SETS, Array

from convscope.analysis.statistics.seeds import interval_over_both, mean_over_seeds
from convscope.data.dataset import Dataset
from convscope.data.split import stratified_split
from convscope.formatting import count_of
from convscope.models.architectures import cnn
from convscope.models.keras_model import to_keras
from convscope.system.files import write_json
from convscope.training.augmentation import Augmentation
from convscope.training.config import TrainConfig
from convscope.training.loop import fit
from convscope.training.recipe_rule import WARPED, TrainingSet
from convscope.training.recipes import best, find_recipe, standard

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "recipe_rule.json"
CHOICES = RESULTS.with_name("recipe_choices.json")
PAGE = ROOT / "docs" / "recipes.md"
Change = Callable[[TrainConfig], TrainConfig]
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


def lasting(share: float) -> Change:
    """Return the change to ``share`` times as many epochs."""
    return lambda own: replace(
        own,
        epochs=round(share * own.epochs),
        final_epochs_less_augmented=round(share * own.epochs) // 10 if own.final_epochs_less_augmented else 0,
    )


def warped(share: float) -> Change:
    return lambda own: replace(own, augmentation=own.augmentation.times(share))


def rated(share: float) -> Change:
    return lambda own: replace(own, learning_rate=share * own.learning_rate)


def flipped(flip: bool) -> Change:
    return lambda own: replace(own, augmentation=replace(own.augmentation, flip=flip))


NEIGHBOURS: dict[str, Change] = {
    "the settings for MNIST": lambda _: standard(),
    "half as many epochs": lasting(0.5),
    "twice as many epochs": lasting(2),
    "labels not smoothed": lambda own: replace(own, label_smoothing=0.0),
    "images unchanged": lambda own: replace(own, augmentation=Augmentation()),
    "images only shifted": lambda own: replace(own, augmentation=Augmentation(WARPED.shift, flip=own.augmentation.flip)),
    "labels smoothed by 0.1": lambda own: replace(own, label_smoothing=0.1),
    "at least 160 steps per epoch": lambda own: replace(own, min_steps_per_epoch=160),
    "at least 40 steps per epoch": lambda own: replace(own, min_steps_per_epoch=40),
    "twice the learning rate": rated(2),
    "half the learning rate": rated(0.5),
    "augmentation 1.6 times as strong": warped(1.6),
    "augmentation of half the strength": warped(0.5),
    "not flipped": flipped(False),
    "flipped": flipped(True),
    "the last epochs augmented like the others": lambda own: replace(own, final_epochs_less_augmented=0),
}
"""What each choice of the rule is compared with. Below 7,680 images, the steps per epoch decide the size of a batch."""


def right(config: TrainConfig, dataset: Dataset, seeds: int) -> tuple[Array, float]:
    """Return which validation images are classified correctly (seeds, n), and the mean seconds of processor time per training."""
    started = time.process_time()
    rows = [by_recipe(dataset, seed, config).argmax(axis=1) == dataset.test.labels for seed in range(seeds)]
    return np.stack(rows), (time.process_time() - started) / seeds


def compare_choices(names: list[str], neighbours: list[str], seeds: int) -> None:
    """Measure the neighbours of the rule's settings on these sets, paired by seed and image, and save each at once."""
    made = cache(lambda name: VALIDATION_SETS[name]())
    chosen: dict[str, tuple[Array, float]] = {}
    for neighbour, name in product(neighbours, names):
        if neighbour in saved_choices()["sets"].get(name, {"neighbours": {}})["neighbours"]:
            continue
        dataset = made(name)
        own = find_recipe("standard", TrainingSet.of(dataset))
        config = NEIGHBOURS[neighbour](own)
        if config == own:
            continue
        if name not in chosen:
            chosen[name] = right(own, dataset, seeds)
        others, seconds = right(config, dataset, seeds)
        gaps = others.astype(np.float64) - chosen[name][0]
        interval = interval_over_both(gaps)
        results = saved_choices()
        results |= {**measured_with(),
                    "seeds": list(range(seeds))}  # fmt: skip
        entry = results["sets"].setdefault(name, {
            "set": shape_of(dataset), "correct": chosen[name][0].sum(axis=1).tolist(), "cpu_seconds": chosen[name][1],
            "neighbours": {},
        })  # fmt: skip
        entry["neighbours"][neighbour] = {
            "correct": others.sum(axis=1).tolist(), "interval": [interval.low, interval.high], "cpu_seconds": seconds,
        }  # fmt: skip
        write_json(CHOICES, results)
        print(f"{name}, {neighbour}: {100 * gaps.mean():+.2f} points", flush=True)


def saved_choices() -> dict[str, Any]:
    """Return the saved comparisons."""
    return json.loads(CHOICES.read_text("utf-8")) if CHOICES.is_file() else {"sets": {}}


def choices_table(saved: dict[str, Any]) -> str:
    """Return a row per neighbour: the difference to the rule's settings over the sets that it was measured on, and its time."""
    rows = []
    for neighbour in NEIGHBOURS:
        pairs = [(each, each["neighbours"][neighbour]) for each in saved["sets"].values() if neighbour in each["neighbours"]]
        if not pairs:
            continue
        gaps = 100 * np.array(
            [np.subtract(found["correct"], each["correct"]) / each["set"]["test"] for each, found in pairs]
        )
        over_sets, ends = mean_over_seeds(list(gaps.mean(axis=0))), [found["interval"] for _, found in pairs]
        rows.append([
            neighbour, str(len(pairs)), f"{over_sets.mean:+.2f}{in_parentheses(over_sets.interval)}",
            f"{gaps.mean(axis=1).min():+.2f} to {gaps.mean(axis=1).max():+.2f}",
            str(sum(low > 0 for low, _ in ends)), str(sum(high < 0 for _, high in ends)),
            f"{np.mean([found['cpu_seconds'] / each['cpu_seconds'] for each, found in pairs]):.1f}",
        ])  # fmt: skip
    head = ["instead", "sets", "points (95% CI over seeds)", "by set", "better", "worse", "times the time"]
    sets = ", ".join(f"{name} ({each['set']['train']:,} + {each['set']['test']:,})" for name, each in saved["sets"].items())
    text = f"Sets, with their images for training and for validation: {sets}. Seeds {saved['seeds'][0]} to {saved['seeds'][-1]}."
    return f"{markdown_table(head, rows)}\n\n{text} {conditions(saved)}."


def shape_of(dataset: Dataset) -> dict[str, Any]:
    """Return what the tables say of a set."""
    return {"train": len(dataset.train), "test": len(dataset.test), "image_shape": list(dataset.image_shape),
            "classes": dataset.num_classes}  # fmt: skip


def measure(method: Callable[[Dataset, int], Array], dataset: Dataset, seed: int) -> dict[str, Any]:
    """Return the correct answers among the test images and the seconds that ``method`` took."""
    clock, processor = time.perf_counter(), time.process_time()
    scores = method(dataset, seed).astype(np.float64)
    seconds, processor = time.perf_counter() - clock, time.process_time() - processor
    right = scores.argmax(axis=1) == dataset.test.labels
    return {"correct": int(right.sum()), "n": len(right), "seconds": seconds, "cpu_seconds": processor}


def load() -> dict[str, Any]:
    """Return the saved results."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {"test": {}}


def save(name: str, method: str, found: dict[str, Any], dataset: Dataset) -> None:
    """Add one measurement."""
    results = load()
    results |= measured_with()
    entry = results["test"].setdefault(name, {"set": shape_of(dataset), "runs": {}})
    entry["runs"].setdefault(method, []).append(found)
    write_json(RESULTS, results)
    print(name, method, f"{100 * found['correct'] / found['n']:.2f} %, {found['cpu_seconds']:.1f} s", flush=True)


def same_as(dataset: Dataset) -> str:
    """Return the other method, if there is one, whose settings `standard` takes for a set, so that it need not be measured."""
    own = find_recipe("standard", TrainingSet.of(dataset))
    return next((name for name, config in OTHERS.items() if config == own), "")


def done(name: str, method: str) -> int:
    return len(load()["test"].get(name, {"runs": {}})["runs"].get(method, []))


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
    foot = f"{machine['processor']}, {count_of(machine['cores'], 'core')}, {machine['system']}; {named}; {results['date']}."
    return "\n".join([*lines, "", foot])


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default="")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--choices", action="store_true", help="compare the rule's choices with others on validation images")
    parser.add_argument("--neighbours", default="")
    parser.add_argument("--table", action="store_true", help="only regenerate the table")
    arguments = parser.parse_args()
    if arguments.table:
        replace_between(PAGE, "recipe rule", table(load()))
        replace_between(PAGE, "recipe choices", choices_table(saved_choices()))
        return
    if arguments.choices:
        names = arguments.sets.split(",") if arguments.sets else list(VALIDATION_SETS)
        compare_choices(
            names, arguments.neighbours.split(",") if arguments.neighbours else list(NEIGHBOURS), arguments.seeds
        )
        return
    if "keras" in arguments.methods:
        import keras  # noqa: F401  (so that the first training's seconds are not those of the import)
    for name in arguments.sets.split(",") if arguments.sets else SETS:
        dataset = SETS[name]()
        for method in arguments.methods.split(","):
            if len(dataset.train) > MOST.get(method, len(dataset.train)):
                continue
            if method == "standard" and (other := same_as(dataset)):
                for found in load()["test"][name]["runs"][other][done(name, method) :]:
                    save(name, method, found, dataset)
                continue
            for seed in range(done(name, method), 1 if method in WITHOUT_CHANCE else arguments.seeds):
                found = measure(METHODS[method], dataset, seed)
                save(name, method, found, dataset)


if __name__ == "__main__":
    main()

"""Measure accuracy on photos of handwritten digits, and detection of all digits on sheets.

    python benchmarks/photos.py [--run runs/mnist-cnn-standard-0] [--photos 200] [--sheets 200] [--seed 1]

``tests/handwriting.py`` makes the photos: digits of MNIST's test split and digits drawn with splines, in six pens on plain, ruled
and squared paper, with grain, uneven light, shadow, rotation up to 10°, blur, noise and JPEG compression; also on squared paper
alone, in bad light, and as screenshots of drawing pads. ``--photos`` is the number of each kind, half of either source. Without
``--run``, `standard` is trained first.

    python benchmarks/photos.py --drawings 100 [--runs FOLDER] [--fonts FOLDER]

does another part alone: ``tests/drawn_digits.py`` draws digits from stroke skeletons, in styles that the preprocessing was
developed with and in late ones that it was not, and of handwriting fonts if ``--fonts`` has any, such as those of Debian's
fonts-breip, fonts-bwht, fonts-dkg-handwriting, fonts-humor-sans, fonts-kiloji and fonts-kristi. `standard` and `best` classify
them, three seeds each, trained first unless ``--runs`` has them as ``standard-0`` and so on. Both parts write to
``benchmarks/results/photos.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from markdown_parts import measured_with

import convscope
from convscope.analysis.statistics.proportions import wilson
from convscope.data.dataset import Split
from convscope.data.known.builtin import load_mnist
from convscope.system.hardware import describe_machine, package_versions

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests import drawn_digits, handwriting  # type: ignore[import-not-found]  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "photos.json"
SOURCES = ("mnist", "splines")
KINDS: dict[str, Callable[..., Any]] = {
    "any paper": handwriting.photo_of_one,
    "squared paper": partial(handwriting.photo_of_one, ruling="squared"),
    "bad light": handwriting.photo_in_bad_light,
    "drawing pad": handwriting.drawing_pad,
}


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run")
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--sheets", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drawings", type=int)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--fonts", type=Path)
    given = parser.parse_args()
    before = json.loads(RESULT.read_text("utf-8")) if RESULT.is_file() else {}
    if given.drawings:
        with tempfile.TemporaryDirectory() as folder:
            before["drawings"] = _drawings(given.runs or Path(folder), given.drawings, given.seed, given.fonts)
        RESULT.write_text(json.dumps(before, indent=1) + "\n", "utf-8")
        return
    with tempfile.TemporaryDirectory() as folder:
        run = given.run or convscope.train("mnist", out=Path(folder) / "run", report=False).folder
        result = {
            "photos": [_photos(run, kind, given.photos, given.seed) for kind in KINDS],
            "sheets": _sheets(run, given.sheets, given.seed),
            "recipe": json.loads((Path(run) / "run.json").read_text("utf-8"))["recipe"],
            "run": json.loads((Path(run) / "metrics.json").read_text("utf-8"))["test"]["accuracy"],
            "seed": given.seed,
            "machine": describe_machine(),
            "versions": package_versions(),
            "date": time.strftime("%Y-%m-%d"),
            **{key: before[key] for key in ("drawings",) if key in before},
        }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result, indent=1))


@cache
def _test_split() -> Split:
    return load_mnist().test


def _ink(source: str, label: int, height: int, random: np.random.Generator) -> Any:
    if source == "splines":
        return handwriting.penned(str(label), height, random)
    test = _test_split()
    return handwriting.enlarged(test.images[random.choice(np.flatnonzero(test.labels == label)), ..., 0], height, random)


def _photos(run: Any, kind: str, count: int, seed: int) -> dict[str, Any]:
    """Classify photos of one digit each."""
    photos = []
    for number in range(count):
        random, label = np.random.default_rng([seed, number]), number % 10
        ink = _ink(SOURCES[number // 10 % 2], label, int(random.integers(120, 420)), random)
        photos.append(KINDS[kind](ink, str(label), random))
    started = time.perf_counter()
    predicted = _predicted_labels(run, [photo.content for photo in photos])
    seconds = (time.perf_counter() - started) / count
    wrong = [
        f"{photo.about} -> {label or 'nothing'}"
        for photo, label in zip(photos, predicted, strict=True)
        if label != photo.labels[0]
    ]
    right = count - len(wrong)
    interval = list(wilson(right, count))
    return {"kind": kind, "n": count, "right": right, "interval": interval, "wrong": wrong, "seconds_per_photo": seconds}


def _predicted_labels(run: Any, photos: list[bytes]) -> list[str]:
    """Return the predicted digits of each photo, in reading order, as text."""
    labels = [""] * len(photos)
    for prediction in convscope.predict(run, photos, top=1):
        labels[int(prediction.name.split()[-1])] += prediction.class_name or ""
    return labels


def _sheets(run: Any, count: int, seed: int) -> dict[str, Any]:
    """Classify sheets of 2 to 12 digits in rows of 1 to 6."""
    photos = []
    for number in range(count):
        random = np.random.default_rng([seed, 1, number])
        total, per_row = int(random.integers(2, 13)), int(random.integers(1, 7))
        rows = [per_row] * (total // per_row) + [total % per_row] * (total % per_row > 0)
        labels = [int(label) for label in random.integers(0, 10, total)]
        height = int(random.integers(60, 160))
        inks = [_ink(SOURCES[number % 2], label, int(height * random.uniform(0.85, 1.15)), random) for label in labels]
        photos.append(handwriting.photo_of_sheet(inks, [str(label) for label in labels], rows, random))
    bad, digits, right = [], 0, 0
    for photo, labels in zip(photos, _predicted_labels(run, [photo.content for photo in photos]), strict=True):
        same = sum(one == other for one, other in zip(labels, photo.labels, strict=False))
        if len(labels) != len(photo.labels) or 4 * same < 3 * len(labels):  # in a wrong order, most digits would differ
            bad.append(f"{photo.about} -> {labels}")
        else:
            digits, right = digits + len(labels), right + same
    found = count - len(bad)
    interval = list(wilson(found, count))
    return {"n": count, "right": found, "interval": interval, "bad": bad, "digits_of_these": digits, "digits_right": right}


RECIPES, SEEDS = ("standard", "best"), range(3)
PAIRS = ["10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "01", "21", "31", "41", "51", "61", "71", "81", "91"]
DRAWINGS = ("one digit", "open 4, parted 5", "two digits", "sheets", "turned sheets")


def _drawings(folder: Path, count: int, seed: int, fonts: Path | None) -> dict[str, Any]:
    """Count drawings of each source and kind that are read without an error, by recipe and seed."""
    for recipe, number in product(RECIPES, SEEDS):
        if not (folder / f"{recipe}-{number}").is_dir():
            convscope.train("mnist", recipe=recipe, seed=number, out=folder / f"{recipe}-{number}", report=False)
    letters = sorted(path for suffix in ("ttf", "otf") for path in fonts.rglob(f"*.{suffix}")) if fonts else []
    sources: dict[str, list[Any]] = {
        "styles of development": list(drawn_digits.STYLES.values()),
        "late styles": list(drawn_digits.LATE_STYLES.values()),
        **({"fonts": letters} if letters else {}),
    }
    rows = []
    for (source, styles), kind in product(sources.items(), DRAWINGS):
        if source == "fonts" and "parted" in kind:
            continue
        photos = [_drawing(kind, styles, number, seed) for number in range(count)]
        right = {recipe: [_right(folder / f"{recipe}-{each}", kind, photos) for each in SEEDS] for recipe in RECIPES}
        rows.append({"source": source, "kind": kind, "n": count, "right": right})
        print(rows[-1], flush=True)
    about = measured_with()
    return {"rows": rows, "fonts": [path.name for path in letters], "seed": seed, **about}


def _drawing(kind: str, styles: list[Any], number: int, seed: int) -> handwriting.Photo:
    random = np.random.default_rng([seed, 2, number])
    height = int(np.exp(random.uniform(np.log(32), np.log(90))))
    if kind == "two digits":
        labels, rows, gap = PAIRS[number % len(PAIRS)], [2], (0.12, 0.6)
    elif "sheets" in kind:
        labels = "".join(str(label) for label in random.integers(0, 10, int(random.integers(3, 13))))
        rows, gap = [len(labels) - len(labels) // 2, len(labels) // 2], (0.15, 0.8)
    else:
        labels, rows, gap = ("45"[number % 2] if "parted" in kind else str(number % 10)), [1], (0.15, 0.8)
    inks = []
    for label in labels:
        style, tall = styles[int(random.integers(len(styles)))], int(height * random.uniform(0.85, 1.15))
        if isinstance(style, Path):
            inks.append(drawn_digits.typed(label, 2 * tall, style))
        else:
            parted = {"two digits": False, "open 4, parted 5": True}.get(kind)
            ways = () if parted is None else drawn_digits.ways_of(label, parted=parted)
            inks.append(drawn_digits.drawn(label, tall, style, random, ways=ways))
    turn = int(random.choice([1, 3])) if "turned" in kind else 0
    return drawn_digits.sheet_of(inks, labels, rows, gap, random, turn=turn)


def _right(run: Path, kind: str, photos: list[handwriting.Photo]) -> int:
    """Return how many are read without an error, or with as many digits as there are, or are noticed as turned."""
    if kind == "turned sheets":
        return len(convscope.predict(run, [photo.content for photo in photos], top=1).warnings)
    labels = _predicted_labels(run, [photo.content for photo in photos])
    if kind == "two digits":
        return sum(len(each) == 2 for each in labels)
    return sum(each == "".join(photo.labels) for each, photo in zip(labels, photos, strict=True))


if __name__ == "__main__":
    main()

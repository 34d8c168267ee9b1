"""The page's image modules against Python's: the preparation byte for byte, the colours against matplotlib's."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib import colormaps
from matplotlib.colors import Normalize
from PIL import Image, ImageDraw
from scipy import ndimage

from convscope.data.dataset import Dataset
from convscope.data.digits.mnist_style import DigitPreprocessing, PreparedDigit, prepare_digit
from convscope.data.images.resample import to_grey

Picture = npt.NDArray[np.uint8]
RUNNER = Path(__file__).with_name("prepare_runner.mjs")
JS_NAMES = {
    "background": "ground",
    "digit_size_fraction": "boxShare",
    "background_share": "groundShare",
    "min_contrast": "leastContrast",
}
JS = Path(__file__).parents[2] / "src" / "convscope" / "page" / "js"
SIGHTS = {
    "full": np.eye(3),
    # Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}


@dataclass(frozen=True)
class Case:
    name: str
    picture: Picture
    settings: DigitPreprocessing


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    return found or pytest.skip("no node on this machine")


@pytest.fixture(scope="module")
def cases(mnist: Dataset) -> list[Case]:
    """Some 700 pictures of every kind, most prepared as by default, the others with switches thrown at random."""
    random = np.random.default_rng(20260101)
    pictures = [*special_pictures(), *random_pictures(random, mnist)]
    return [
        Case(name, picture, DigitPreprocessing() if n % 3 else random_settings(random))
        for n, (name, picture) in enumerate(pictures)
    ]


@pytest.mark.slow
def test_python_and_the_page_prepare_the_same(cases: list[Case], node: str, tmp_path: Path) -> None:
    asked = [
        {
            "height": case.picture.shape[0],
            "width": case.picture.shape[1],
            "channels": 4 if case.picture.ndim == 3 else 1,
            "settings": {JS_NAMES.get(key, key): value for key, value in asdict(case.settings).items()},
        }
        for case in cases
    ]
    (tmp_path / "pictures.json").write_text(json.dumps(asked), "utf-8")
    (tmp_path / "pictures.bin").write_bytes(b"".join(case.picture.tobytes() for case in cases))
    subprocess.run([node, str(RUNNER), str(tmp_path)], check=True, timeout=120)
    answers = json.loads((tmp_path / "prepared.json").read_text("utf-8"))
    for case, answer in zip(cases, answers, strict=True):
        grey = to_grey(case.picture) if case.picture.ndim == 3 else case.picture
        compare(prepare_digit(grey, case.settings), answer, f"{case.name} {case.picture.shape} {case.settings}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "colormap", "tolerance"),
    [("SEQUENTIAL_TABLE", "viridis", 0), ("DIVERGING_TABLE", "RdBu_r", 1), ("GREY_TABLE", "gray", 1)],
)
def test_values_get_matplotlibs_colours(table: str, colormap: str, tolerance: int, node: str) -> None:
    values = np.concatenate([np.random.default_rng(1).normal(0, 1, 500), np.linspace(-1.5, 2, 257), [-1.5, 2, -9, 9]])
    painted = in_node(
        node,
        f"""import {{paint}} from "{JS}/image/color/paint.js";
        import {{{table}}} from "{JS}/image/color/colormaps.js";
        const target = new Uint8ClampedArray(4 * input.length);
        paint(input, {{minimum: -1.5, maximum: 2, table: {table}}}, target);
        output = [...target];""",
        values.tolist(),
    )
    expected = colormaps[colormap](Normalize(-1.5, 2)(values), bytes=True)
    steps = colormaps[colormap](np.arange(256), bytes=True).astype(int)
    differences = np.abs(np.array(painted).reshape(-1, 4) - expected)
    # matplotlib cuts levels that a last bit holds below a whole number; and on the border of two steps a last bit decides.
    assert (differences.max(axis=1) > tolerance).mean() < 0.01
    assert (differences <= np.abs(np.diff(steps, axis=0)).max(axis=0) + tolerance).all()


@pytest.mark.slow
@pytest.mark.parametrize("table", ["DIVERGING_TABLE", "DIVERGING_DARK_TABLE"])
@pytest.mark.parametrize("sight", ["full", "protan", "deutan", "tritan"])
def test_signs_stay_apart_for_every_kind_of_sight(table: str, sight: str, node: str) -> None:
    colours = in_node(node, f'import {{{table}}} from "{JS}/image/color/colormaps.js";\noutput = [...{table}];', None)
    seen = to_lab(np.array(colours).reshape(256, 4)[:, :3], SIGHTS[sight])
    for share in (0.25, 0.5, 0.75, 1.0):
        less, more = seen[round(127.5 * (1 - share))], seen[round(127.5 * (1 + share))]
        # 2.3 is just noticeable side by side; neighbouring colours of a chart want 20.
        assert np.linalg.norm(more - less) > 20, share


@pytest.mark.slow
@pytest.mark.parametrize("settings", [
    {"right": 1.25, "down": -2.5}, {"turn": 17}, {"turn": -130, "scale": 0.8}, {"scale": 1.3},
    {"turn": 33, "scale": 1.2, "right": -0.4, "down": 3},
])  # fmt: skip
def test_placement_is_scipys(settings: dict[str, float], node: str) -> None:
    picture = np.random.default_rng(2).random((23, 31, 3), dtype=np.float32)
    angle, scale = np.radians(settings.get("turn", 0)), settings.get("scale", 1)
    # From a place in the result to one in the picture; rows first, and rows point down.
    back = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    middle = (np.array(picture.shape[:2]) - 1) / 2
    shift = np.array([settings.get("down", 0), settings.get("right", 0)])
    offset = middle - back @ (middle + shift)
    expected = [
        ndimage.affine_transform(np.pad(picture[..., channel].astype(float), 1), back, offset + 1 - back @ [1, 1], order=1)
        for channel in range(3)
    ]
    assert np.abs(perturbed(node, picture, settings) - np.stack(expected, axis=-1)[1:-1, 1:-1]).max() < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("radius", [1, 2, 3])
def test_thickness_is_scipys_grey_dilation_and_erosion(radius: int, node: str) -> None:
    picture = np.random.default_rng(3).random((20, 17, 2), dtype=np.float32)
    grid = np.arange(-radius, radius + 1)
    disc = (grid[:, None] ** 2 + grid**2 <= radius**2)[..., None]
    for amount, expected in (
        (radius, ndimage.grey_dilation(picture, footprint=disc, mode="constant", cval=-np.inf)),
        (-radius, ndimage.grey_erosion(picture, footprint=disc, mode="constant", cval=np.inf)),
    ):
        assert np.array_equal(perturbed(node, picture, {"thick": amount}), expected)


def test_the_modules_know_no_document() -> None:
    for path in (JS / "image").glob("*.js"):
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r"\b(document|window|navigator|localStorage|fetch)\b", code), path.name


def perturbed(node: str, picture: npt.NDArray[np.float32], settings: dict[str, float]) -> npt.NDArray[np.float32]:
    height, width, channels = picture.shape
    result = in_node(
        node,
        f"""import {{perturb}} from "{JS}/image/perturb.js";
        output = [...perturb(input.pixels, input, input.settings)];""",
        {"height": height, "width": width, "channels": channels, "pixels": picture.ravel().tolist(), "settings": settings},
    )
    return np.array(result, np.float32).reshape(picture.shape)


def in_node(node: str, script: str, value: Any) -> Any:
    """What the script leaves in `output`; it finds `value` in `input`."""
    lines = [line.strip() for line in script.splitlines()]
    whole = "\n".join(
        [
            *(line for line in lines if line.startswith("import")),
            'import {readFileSync} from "node:fs";',
            'const input = JSON.parse(readFileSync(0, "utf8"));',
            "let output;",
            *(line for line in lines if not line.startswith("import")),
            "process.stdout.write(JSON.stringify(output));",
        ]
    )
    done = subprocess.run(
        [node, "--input-type=module", "-e", whole],
        input=json.dumps(value),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def to_lab(colours: npt.NDArray[np.int_], sight: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(n, 3) 0..255 → (n, 3) CIELAB, as they look to an eye of that kind."""
    shares = colours / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ sight.T, 0, 1)
    xyz = linear @ np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]).T
    xyz = xyz / [0.9505, 1.0, 1.089]
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])], axis=1)


def compare(expected: PreparedDigit, answer: dict[str, Any], what: str) -> None:
    assert decoded(answer) == (expected.pixels.shape, expected.pixels.tobytes()), what
    assert answer["empty"] == expected.empty, what
    steps = answer["steps"]
    assert decoded(steps["ground"]["picture"]) == (expected.ink.shape, expected.ink.tobytes()), what
    assert steps["crop"]["box"] == (None if expected.box is None else vars(expected.box)), what
    shown = (steps["polarity"]["inverted"], steps["ground"]["cut"], steps["fit"]["thickened"])
    assert shown == (expected.inverted, expected.cut, expected.thickened), what
    assert (steps["fit"]["picture"]["height"], steps["fit"]["picture"]["width"]) == expected.fitted, what
    (height, width), pixels = decoded(steps["contrast"]["picture"])
    stretched = np.frombuffer(pixels, np.uint8).reshape(height, width)
    mass = ndimage.center_of_mass(stretched) if stretched.any() else None
    assert steps["centre"]["mass"] == (mass if mass is None else pytest.approx(mass)), what


def decoded(picture: dict[str, Any]) -> tuple[tuple[int, int], bytes]:
    return (picture["height"], picture["width"]), base64.b64decode(picture["pixels"])


def special_pictures() -> Iterator[tuple[str, Picture]]:
    for level in (0, 1, 127, 128, 254, 255):
        for shape in ((28, 28), (1, 1), (280, 280)):
            yield f"flat {level}", np.full(shape, level, np.uint8)
    for place in ((0, 0), (27, 27), (13, 14), (0, 20)):
        for ground, ink in ((0, 255), (255, 0), (100, 130), (100, 110)):
            picture = np.full((28, 28), ground, np.uint8)
            picture[place] = ink
            yield "one pixel", picture
    for shape in ((1, 2), (1, 40), (40, 1), (1, 3000), (3000, 1), (2, 3), (2, 500), (333, 3)):
        yield "thin", (np.arange(shape[0] * shape[1]).reshape(shape) * 37 % 256).astype(np.uint8)
        yield "thin and full", np.pad(np.full(shape, 255, np.uint8), 2)
    frame = np.zeros((50, 60), np.uint8)
    frame[[0, -1]] = frame[:, [0, -1]] = 255
    yield "a frame", frame
    heavy = np.zeros((100, 100), np.uint8)
    heavy[:30, :30] = 255
    heavy[15, :] = 90  # a blob with a long faint tail: its centre of mass would push the tail out of the frame
    yield "limited", heavy
    for even in (np.array([[0, 9, 9, 0], [200, 0, 0, 255]], np.uint8), np.tile(np.array([[10, 200]], np.uint8), (2, 4))):
        yield "two medians", even


def random_pictures(random: np.random.Generator, mnist: Dataset) -> Iterator[tuple[str, Picture]]:
    for _ in range(150):
        yield "strokes", strokes(random)
    for _ in range(80):
        shape = tuple(random.integers(1, 90, 2))
        yield "noise", random.integers(*sorted(random.choice(257, 2, replace=False)), shape).astype(np.uint8)
    for _ in range(80):
        yield "photo", photo(random, strokes(random))
    for image in mnist.test.images[random.choice(10_000, 150, replace=False), ..., 0]:
        yield "digit", image
    for image in mnist.test.images[random.choice(10_000, 100, replace=False), ..., 0]:
        size = tuple(int(side) for side in random.integers(5, 300, 2))
        yield "resized digit", np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
    for _ in range(60):
        yield "colour", random.integers(0, 256, (*random.integers(1, 60, 2), 4)).astype(np.uint8)


def strokes(random: np.random.Generator) -> Picture:
    height, width = (int(side) for side in random.integers(10, 320, 2))
    dark, bright = sorted(int(level) for level in random.choice(256, 2, replace=False))
    ground, ink = (dark, bright) if random.random() < 0.5 else (bright, dark)
    image = Image.new("L", (2 * width, 2 * height), ground)
    for _ in range(int(random.integers(1, 6))):
        ends = [(int(random.integers(0, 2 * width)), int(random.integers(0, 2 * height))) for _ in range(3)]
        ImageDraw.Draw(image).line(ends, fill=ink, width=int(random.integers(1, 30)))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def photo(random: np.random.Generator, picture: Picture) -> Picture:
    """A picture with light that falls off to one side, and with noise."""
    light = np.linspace(random.uniform(0.3, 1), random.uniform(0.3, 1), picture.shape[1])
    return np.clip(picture * light + random.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


def random_settings(random: np.random.Generator) -> DigitPreprocessing:
    height, width = [(28, 28), (28, 28), (32, 32), (8, 8), (20, 31), (97, 64), (1, 1)][random.integers(7)]
    switches = {name: bool(random.random() < 0.6) for name in ("background", "crop", "fit", "contrast", "centre")}
    return DigitPreprocessing(
        height,
        width,
        polarity=(("auto", "keep", "invert")[random.integers(3)]),  # type: ignore[arg-type]
        **switches,
        digit_size_fraction=float(random.choice([20 / 28, 0.5, 1.0, 0.01])),
        background_share=float(random.choice([0.2, 0.0, 0.29, 0.5])),
        min_contrast=int(random.choice([16, 0, 64])),
    )

"""A picture that is dropped on the page, decoded by a real Chromium: what the network is given is what `predict` gives it."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import convscope
from convscope.data.digits.mnist_style import DigitPreprocessing
from convscope.data.images.decode import decode_image
from convscope.data.preprocessing import ImagePreprocessor
from convscope.page.payload import make_payload

from ..handwriting import penned, photo_of_one  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.slow
Pixels = npt.NDArray[np.uint8]
PAGE = Path(__file__).parents[2] / "src" / "convscope" / "page"
ADDRESS = "http://localhost/"
MNIST = ImagePreprocessor((28, 28, 1), DigitPreprocessing())
GREY, COLOUR = ImagePreprocessor((20, 28, 1)), ImagePreprocessor((24, 32, 3))
TAKE = """async ({file, networks}) => {
  const [{openPicture}, {makeInput, preprocessingFor}] = await Promise.all(
    ["picture-input", "input"].map((name) => import(`/js/views/playground/${name}.js`)));
  const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
  const picture = await openPicture(new Blob([bytes]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", picture.data));
  const given = networks.map(({shape, fitting}) => {
    let inputs = null;
    const dataset = {image_shape: shape};
    const live = {
      subscribe() {}, payload: {dataset},
      open: {source: "test", name: "test-0"}, openPixels: (pixels) => (inputs = pixels)};
    makeInput(live, preprocessingFor(dataset, fitting)).putPicture(picture, "it");
    return Array.from(inputs, (share) => Math.round(255 * share));
  });
  return {height: picture.height, width: picture.width, digest: [...digest], given};
}"""


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Iterator[Page]:
    """An empty page, with the page's own modules at hand."""

    def answer(route: Route) -> None:
        path = PAGE / route.request.url.removeprefix(ADDRESS)
        if path.suffix == ".js":
            route.fulfill(body=path.read_text("utf-8"), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>pictures</title>", content_type="text/html")

    context = browser.new_context()
    context.route(f"{ADDRESS}**", answer)
    page = context.new_page()
    page.goto(ADDRESS)
    yield page
    context.close()


def taken(page: Page, content: bytes, *fittings: ImagePreprocessor) -> tuple[tuple[int, int, bytes], list[Pixels]]:
    """The picture that the browser opened, as :func:`fingerprint` has it, and what each network is given."""
    networks = [{"shape": list(each.image_shape), "fitting": entry(each)} for each in fittings]
    answer = page.evaluate(TAKE, {"file": base64.b64encode(content).decode(), "networks": networks})
    given = [
        np.array(levels, np.uint8).reshape(fitting.image_shape)
        for levels, fitting in zip(answer["given"], fittings, strict=True)
    ]
    return (answer["height"], answer["width"], bytes(answer["digest"])), given


def entry(fitting: ImagePreprocessor) -> dict[str, Any]:
    """Of the payload."""
    digits = fitting.digits and {"digit_size_fraction": fitting.digits.digit_size_fraction, "centre": fitting.digits.centre}
    return {"digits": digits, "polarity": fitting.polarity}


def fingerprint(pixels: Pixels) -> tuple[int, int, bytes]:
    """Of (h, w, 1 or 3): height, width and the SHA-256 of its pixels as RGBA."""
    height, width, _ = pixels.shape
    whole = np.full((height, width, 4), 255, np.uint8)
    whole[..., :3] = pixels
    return height, width, hashlib.sha256(whole.tobytes()).digest()


def saved(image: Image.Image | Pixels, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(buffer, kind, **({"compress_level": 1} if kind == "PNG" else {}), **options)
    return buffer.getvalue()


def scene(height: int, width: int, channels: int = 3, seed: int = 0) -> Pixels:
    """Slopes of light, edges and noise, so that every pixel is one of its own."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:height, :width]
    slopes = [128 + 90 * np.sin(down / (40 + 9 * each) + across / (60 - 7 * each)) for each in range(channels)]
    picture = np.stack(slopes, axis=-1) + random.integers(-20, 21, (height, width, channels))
    picture[height // 3 : height // 2, width // 4 : width // 2] = random.integers(0, 256, channels)
    return np.clip(picture, 0, 255).astype(np.uint8)


def shades() -> Pixels:
    """(256, 256, 4): every level at every opacity."""
    level, opacity = np.meshgrid(np.arange(256), np.arange(256))
    return np.stack([level, 255 - level, level // 2, opacity], axis=-1).astype(np.uint8)


FILES = {
    "colour": lambda: saved(scene(600, 1500)),
    "grey": lambda: saved(scene(1500, 500, 1)[..., 0]),
    "every opacity": lambda: saved(shades()),
    "grey with opacity": lambda: saved(Image.fromarray(shades()[..., [0, 3]], "LA")),
    "palette with opacity": lambda: saved(Image.fromarray(scene(150, 90)).quantize(32), transparency=3),
    "black and white": lambda: saved(Image.fromarray(scene(90, 130, 1)[..., 0]).convert("1")),
    "large": lambda: saved(scene(501, 2051)),
    "large, in threes": lambda: saved(scene(301, 4099)),
    "large with opacity": lambda: saved(np.tile(shades(), (1, 9, 1))),
    "of a network's own size": lambda: saved(scene(24, 32)),
    "smaller than the network takes": lambda: saved(scene(5, 4)),
}


@pytest.mark.parametrize("name", FILES)
def test_the_browser_opens_it_as_python_does_pixel_for_pixel(modules: Page, name: str) -> None:
    content = FILES[name]()
    decoded = decode_image(content, name).pixels
    fittings = COLOUR, GREY, ImagePreprocessor((20, 28, 1), polarity="dark on light")
    opened, given = taken(modules, content, *fittings)
    assert opened == fingerprint(decoded)
    for fitting, pixels in zip(fittings, given, strict=True):
        assert np.array_equal(pixels, fitting.preprocess(decoded).pixels), fitting


def test_a_photo_of_handwriting_is_prepared_pixel_for_pixel(modules: Page, digits_run: convscope.Run) -> None:
    """By the rule of MNIST, and by that of a run's own page."""
    random = np.random.default_rng(15)
    photo = Image.open(io.BytesIO(photo_of_one(penned("4", 420, random), "4", random).content))
    content = saved(photo.resize((round(1500 * photo.width / photo.height), 1500)))
    digits = make_payload(digits_run.record)["preprocessing"]["digits"]
    _, (of_mnist, of_run) = taken(modules, content, MNIST, ImagePreprocessor((8, 8, 1), DigitPreprocessing(8, 8, **digits)))
    fitted = MNIST.preprocess(decode_image(content, "it").pixels)
    assert "paper background removed" in fitted.steps
    assert np.array_equal(of_mnist, fitted.pixels)
    assert np.array_equal(of_run, convscope.predict(digits_run, content, single=True).prepared[0])


def test_a_picture_of_the_networks_own_size_is_taken_as_it_is(modules: Page, digits_run: convscope.Run) -> None:
    """If it is light on dark; else it is made so."""
    image = digits_run.dataset.test.images[3, ..., 0]
    fitting = ImagePreprocessor((8, 8, 1), DigitPreprocessing(8, 8, digit_size_fraction=1.0))
    assert np.array_equal(taken(modules, saved(image), fitting)[1][0][..., 0], image)
    assert np.array_equal(
        taken(modules, saved(255 - image), fitting)[1][0], fitting.preprocess(255 - image[..., None]).pixels
    )


@pytest.mark.parametrize("held", [1, 6])
def test_a_jpeg_is_opened_within_a_grey_level_and_upright(modules: Page, held: int) -> None:
    """Its decoders round differently; what the network is given differs by no more."""
    exif = Image.Exif()
    exif[0x0112] = held
    content = saved(Image.fromarray(scene(1500, 701)), "JPEG", quality=90, exif=exif)
    decoded = decode_image(content, "it").pixels
    (height, width, _), given = taken(modules, content, COLOUR, GREY)
    assert (height, width) == decoded.shape[:2]
    for fitting, pixels in zip((COLOUR, GREY), given, strict=True):
        assert np.abs(pixels.astype(int) - fitting.preprocess(decoded).pixels).max() <= 1

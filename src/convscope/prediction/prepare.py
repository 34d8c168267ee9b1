"""Preprocess image inputs of any kind for a network, several files in parallel."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from ..data.digits.box import Box
from ..data.digits.detect import Logits
from ..data.images.formats import MIN_SIDE
from ..data.images.inputs import CHANNELS, BadPicture, ImageLike, NamedBytes, each_image, to_grey_levels
from ..data.preprocessing import UNCHANGED, ImagePreprocessor
from ..data.read_options import AS_THEY_ARE, PixelForm, checked_pixel_range
from ..data.readers.pixel_scale import GivenRange
from ..data.threads import one_thread_each
from ..errors import PictureError, reason_of
from ..types import Images
from .predictions import Place

Item = TypeVar("Item")
Result = TypeVar("Result")


class Prepared(NamedTuple):
    """Preprocessed images (n, h, w, c), with the name, preprocessing steps and position of each, and whether nothing was found."""

    names: tuple[str, ...]
    images: Images
    preprocessing_steps: tuple[tuple[str, ...], ...]
    places: tuple[Place | None, ...]
    empty: npt.NDArray[np.bool_]


def prepare(
    fitting: ImagePreprocessor,
    images: ImageLike | Iterable[ImageLike],
    *,
    trained_on: PixelForm | None,
    logits: Logits | None,
    single: bool = False,
    skip_bad_images: bool = False,
    pixel_range: tuple[float, float] | None = None,
) -> tuple[Prepared, tuple[BadPicture, ...]]:
    """Preprocess ``images``, as :func:`convscope.predict` takes them; return them with those that cannot be read.

    ``logits`` is the network if it reads the ten digits. PictureError unless bad ones are to be skipped.
    """
    given = _given_range(trained_on, pixel_range)
    images = [*map(_as_array, images)] if isinstance(images, (list, tuple)) else _as_array(images)
    images = _with_levels(images, given)
    batch = _as_batch(images, fitting.image_shape)
    if batch is not None and batch.shape[1:] == fitting.image_shape:
        return _prepare_batch(fitting, batch), ()
    single = single or batch is not None  # an array of n images gets n predictions
    prepared, bad = _prepare_each(fitting, images if batch is None else list(batch), given, logits, single=single)
    if bad and not skip_bad_images:
        raise PictureError("\n".join(each.reason for each in bad))
    return prepared, bad


def _as_array(image: Any) -> Any:
    """Return the array of a tensor; anything else unchanged. PictureError for a masked array."""
    if np.ma.is_masked(image):
        raise PictureError("a masked array has missing values. Fill them before the prediction.")
    if isinstance(image, (str, bytes)) or not hasattr(image, "__array__"):  # NumPy's texts have it, too
        return image
    try:
        return np.asarray(image)
    except Exception as error:  # whatever a tensor says, such as that it needs detach()
        raise PictureError(
            f"a {type(image).__name__} is no array: {reason_of(error)}. Convert it to a NumPy array."
        ) from error


def _given_range(trained_on: PixelForm | None, asked: tuple[float, float] | None) -> GivenRange | None:
    """Return black and white in new images, if they need not be those of their formats."""
    if asked is not None:
        return GivenRange(checked_pixel_range(asked))
    usual = trained_on or AS_THEY_ARE
    return None if usual.range == AS_THEY_ARE.range else GivenRange(usual.range, is_certain=False)


def _with_levels(images: Any, given: GivenRange | None) -> Any:
    """Return ``images`` with grey levels in the arrays among them, if these have black and white as ``given``."""
    if given is None:
        return images
    if isinstance(images, (list, tuple)):
        return [_with_levels(each, given) if isinstance(each, np.ndarray) else each for each in images]
    return given.to_levels(images, "an array") if isinstance(images, np.ndarray) else images


def _prepare_each(
    fitting: ImagePreprocessor,
    images: ImageLike | Iterable[ImageLike],
    given: GivenRange | None,
    logits: Logits | None,
    *,
    single: bool,
) -> tuple[Prepared, tuple[BadPicture, ...]]:
    least = min(MIN_SIDE, max(fitting.image_shape[:2]))

    def prepare(file: NamedBytes | BadPicture) -> BadPicture | list[_Entry]:
        if isinstance(file, BadPicture):
            return file
        try:
            decoded = file.open(given, least)
        except PictureError as error:
            return BadPicture(file.name, str(error))
        found = fitting.preprocess_each(decoded.pixels, several=not single, logits=logits)
        return [
            (
                file.name,
                each.pixels,
                (*decoded.steps, *each.steps),
                _place(each.box, decoded.scale, number, len(found)),
                each.is_empty,
            )
            for number, each in enumerate(found, 1)
        ]

    results = _in_threads(prepare, list(each_image(images)))
    good = [entry for result in results if not isinstance(result, BadPicture) for entry in result]
    names, pixels, steps, places, empty = zip(*good, strict=True) if good else ((), (), (), (), ())
    stacked = np.stack(pixels) if pixels else np.empty((0, *fitting.image_shape), np.uint8)
    prepared = Prepared(names, stacked, steps, places, np.array(empty, np.bool_))
    return prepared, tuple(result for result in results if isinstance(result, BadPicture))


def _in_threads(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return ``[work(item) for item in items]``, computed in several threads."""
    # Decoding releases Python's lock, so threads help. Matrix products keep to one thread each meanwhile; to arrange that
    # takes time, which a single item need not wait for.
    if len(items) <= 1:
        return [work(item) for item in items]
    with one_thread_each(), ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, items))


_Entry = tuple[str, Images, tuple[str, ...], "Place | None", bool]


def _place(box: Box | None, scale: float, number: int, of: int) -> Place | None:
    if box is None:
        return None
    left, top = round(box.left * scale), round(box.top * scale)
    return Place(left, top, round((box.right + 1) * scale) - left, round((box.bottom + 1) * scale) - top, number, of)


def _as_batch(images: Any, image_shape: tuple[int, int, int]) -> npt.NDArray[Any] | None:
    """Return ``images`` as one array (n, h, w, c) if they are a batch, else None."""
    # A list of arrays is a batch if all have the network's image shape. An array with three axes is one image if it has that
    # shape or ends in channels; otherwise it is n grey images.
    if isinstance(images, (list, tuple)):
        shapes = {(getattr(each, "shape", None), getattr(each, "dtype", None)) for each in images}
        if (
            len(shapes) != 1
            or not isinstance(images[0], np.ndarray)
            or images[0].shape not in (image_shape, image_shape[:2])
        ):
            return None
        images = np.stack(images)
    if not isinstance(images, np.ndarray) or images.ndim not in (3, 4) or images.shape == image_shape:
        return None
    if images.ndim == 4:
        return images
    if images.shape[1:] == image_shape[:2]:
        return images[..., None]
    # Of the network's height and width, it is one image with too many channels; or one that is two or three pixels wide.
    is_one = images.shape[:2] == image_shape[:2] or images.shape[2] in CHANNELS or images.shape[2] < MIN_SIDE
    return None if is_one else images[..., None]


def _prepare_batch(fitting: ImagePreprocessor, batch: npt.NDArray[Any]) -> Prepared:
    # Most need nothing, which one vectorized test finds out for all of them.
    images = to_grey_levels(batch, "the batch of images")
    steps: list[tuple[str, ...]] = [(UNCHANGED,)] * len(images)
    others = np.flatnonzero(~fitting.uses_unchanged(images))
    if others.size:
        images = images.copy()
    empty = np.zeros(len(images), np.bool_)
    for index in others.tolist():
        fitted = fitting.preprocess(images[index])
        images[index], steps[index], empty[index] = fitted.pixels, fitted.steps, fitted.is_empty
    names = tuple(f"picture {number}" for number in range(len(images)))
    return Prepared(names, images, tuple(steps), (None,) * len(images), empty)

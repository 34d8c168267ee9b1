"""Detection of digits: one in a drawing or a dataset's own image, any number in a photo.

``page/js/image/preprocess/detect.js`` does the same and uses the largest of several digits.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...types import Floats, Images
from ..images.resample import GreyImage
from .binarize import CLOSING_RADIUS, MAX_SIDE, WIDE_RADIUS, InkMask, binarize_document, block_means, has_flat_background
from .box import Box
from .connected_components import Components, label_components
from .grouping import DigitGroup, group_pieces, in_reading_order, is_cut_off, merge_groups
from .joining import Reading, join_parts
from .mnist_style import DigitPreprocessing, PreparedDigit, dilate, prepare_digit
from .panels import MAX_DEPTH, find_panels

MIN_TIMES, MIN_SIDE = 2, 56
"""Smallest image searched for several digits: multiple of the network's sides, and pixels per side."""
MAX_DIGITS = 100
"""More components than this are paper grain."""
ATTEMPTS = 3
MARGIN = 4
"""Pixels kept around the ink of a digit, for its soft edge."""
Logits = Callable[[Images], Floats]
"""A network: images (n, h, w, 1) uint8 to logits (n, k)."""
_Segmentation = tuple[InkMask, Components, list[DigitGroup]]


@dataclass(frozen=True)
class DetectedDigit:
    """A detected digit."""

    prepared: PreparedDigit
    """The digit as the network receives it."""
    box: Box | None
    """Bounding box of the ink in the image; None without ink."""
    background_removed: bool = False
    """Whether a paper background was removed first."""
    area: int = 0
    """Pixels of ink, if the digit was separated from others."""


def detect_digits(
    image: GreyImage,
    settings: DigitPreprocessing,
    *,
    several: bool = True,
    depth: int = 0,
    logits: Logits | None = None,
) -> list[DetectedDigit]:
    """Return the digits in an image (h, w) uint8 in reading order, at least one, even empty.

    A single digit on a flat background is prepared as a whole image. In a photo the paper background is removed first. Of
    several digits, each is prepared from its own ink. Panels on a flat background, such as drawing pads, are looked into. All
    ink is one digit unless ``several``, or in an image hardly larger than the network's. ``depth`` is the number of panels around.
    ``logits`` is a network for the ten digits; with it, parts of one digit that do not touch are joined.
    """
    if min(image.shape) < max(MIN_SIDE, MIN_TIMES * max(settings.height, settings.width)):
        return [_whole(image, settings)]
    if has_flat_background(image):
        ink_mask = _flat_ink(image, settings)
        components = label_components(ink_mask.strong)
        inside = _inside_panels(image, ink_mask.factor, components, settings, several=several, depth=depth, logits=logits)
        if inside is not None:
            return inside
        groups = group_pieces(components)
        if len(groups) <= 1 or not several:
            return [_whole(image, settings)]
    else:
        ink_mask, components, groups = _segment_photo(image)
        if not groups:
            return [_nothing(image, settings, background_removed=True)]
        if not several:
            groups = [merge_groups(groups)]
    if logits is not None and 1 < len(groups) <= MAX_DIGITS:
        groups = join_parts(groups, lambda group: _read(_separate(ink_mask, components, group, settings), logits))
    order = in_reading_order([group.box for group in groups])
    return [_separate(ink_mask, components, groups[index], settings) for index in order]


def _nothing(image: GreyImage, settings: DigitPreprocessing, *, background_removed: bool) -> DetectedDigit:
    return DetectedDigit(prepare_digit(np.zeros_like(image), settings), None, background_removed)


def _inside_panels(
    image: GreyImage,
    factor: int,
    components: Components,
    settings: DigitPreprocessing,
    *,
    several: bool,
    depth: int,
    logits: Logits | None,
) -> list[DetectedDigit] | None:
    """Return the digits inside panels, or nothing inside an empty one; None where the page itself is to be read."""
    panels = find_panels(components, -(-MIN_SIDE // factor)) if depth < MAX_DEPTH else []
    found: list[tuple[Box, list[DetectedDigit]]] = []
    for panel in panels:
        box = panel.box.enlarged(factor)
        digits = detect_digits(box.cut(image), settings, several=several, depth=depth + 1, logits=logits)
        inside = [_moved(each, box) for each in digits if each.box is not None]
        if inside:
            found.append((box, inside))
    if not found:
        return [_nothing(image, settings, background_removed=False)] if any(panel.is_filled for panel in panels) else None
    if not several:
        return max(found, key=lambda each: each[1][0].area)[1]
    return [digit for index in in_reading_order([box for box, _ in found]) for digit in found[index][1]]


def _moved(digit: DetectedDigit, panel: Box) -> DetectedDigit:
    """Return a digit of a panel with its place in the image, and the panel's area if it is all of its ink."""
    assert digit.box is not None
    return replace(digit, box=digit.box.moved(panel.top, panel.left), area=digit.area or panel.height * panel.width)


def _whole(image: GreyImage, settings: DigitPreprocessing) -> DetectedDigit:
    prepared = prepare_digit(image, settings)
    return DetectedDigit(prepared, prepared.box)


def _flat_ink(image: GreyImage, settings: DigitPreprocessing) -> InkMask:
    """Return the ink as ``prepare_digit`` separates it from a flat background."""
    factor = -(-max(image.shape) // MAX_SIDE)
    prepared = prepare_digit(block_means(image, factor).astype(np.uint8), settings)
    ink, cut = prepared.ink, prepared.cut
    return InkMask(ink, ink > cut, factor, prepared.inverted, cut, background_removed=False)


def _segment_photo(image: GreyImage) -> _Segmentation:
    ink_mask, components, groups = _segment(image, CLOSING_RADIUS)
    # A digit that fills half of the image has strokes wider than the usual closing removes.
    if 2 * max((group.box.longer_side for group in groups), default=0) > max(components.shape):
        return _segment(image, WIDE_RADIUS)
    return ink_mask, components, groups


def _segment(image: GreyImage, radius: int) -> _Segmentation:
    """Return the ink at the threshold that leaves the largest area in complete digits."""
    # If the threshold leaves only grain, or mostly ink cut off by the border, try a higher one: it removes ruled lines.
    best, most, above = None, -1, -1
    for _ in range(ATTEMPTS):
        ink_mask = binarize_document(image, above=above, radius=radius)
        components = label_components(ink_mask.strong)
        groups = group_pieces(components, drop_cut_off=True)
        if 0 < len(groups) <= MAX_DIGITS:
            whole = sum(group.area for group in groups if not is_cut_off(group.box, components.shape))
            if whole > most:
                best, most = (ink_mask, components, groups), whole
            if 2 * _cut_off_area(components) <= sum(components.areas):
                break
        above = ink_mask.threshold
    return best or (ink_mask, components, [])


def _cut_off_area(components: Components) -> int:
    """Return the pixels of components cut off by the border, such as ruled lines."""
    return sum(
        area for box, area in zip(components.boxes, components.areas, strict=True) if is_cut_off(box, components.shape)
    )


def _read(digit: DetectedDigit, logits: Logits) -> Reading:
    values = logits(digit.prepared.pixels[None, ..., None])[0].astype(np.float64)
    label = int(values.argmax())
    return label, -float(np.log(np.exp(values - values[label]).sum()))


def _separate(ink_mask: InkMask, components: Components, group: DigitGroup, settings: DigitPreprocessing) -> DetectedDigit:
    (height, width), area = components.shape, group.box.grown(MARGIN)
    area = Box(max(0, area.top), max(0, area.left), min(height - 1, area.bottom), min(width - 1, area.right))
    mask = components.mask_of(group.pieces, area)  # of this area alone, so that many digits cost no more than their ink
    for _ in range(1 + max(height, width) // 512):
        mask = dilate(mask)
    ink = np.where(mask, area.cut(ink_mask.ink), 0).astype(np.uint8)
    prepared = prepare_digit(ink, replace(settings, polarity="keep", background=False))
    return DetectedDigit(prepared, group.box.enlarged(ink_mask.factor), ink_mask.background_removed, group.area)

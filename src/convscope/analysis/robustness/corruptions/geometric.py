"""Affine transforms about the centre: shear, scale, rotation and translation."""

import numpy as np

from ....types import Floats
from ..background import Background
from .random_numbers import CounterRNG

REFERENCE_SIDE = 28
"""Side of the images that lengths in pixels refer to."""


def unit(images: Floats) -> float:
    """Return the pixels of ``images`` (n, h, w, c) per pixel of a 28 × 28 image."""
    height, width = images.shape[1:3]
    return float(min(height, width) / REFERENCE_SIDE)


def read_between(images: Floats, rows: Floats, columns: Floats, background: Background) -> Floats:
    """Interpolate ``images`` linearly at ``rows`` and ``columns`` (n, h', w'), to (n, h', w', c) float32."""
    padded = background.padded(images, 1)
    height, width = images.shape[1:3]
    rows = np.clip(rows, -1, height).astype(np.float32) + 1
    columns = np.clip(columns, -1, width).astype(np.float32) + 1
    top = np.minimum(rows.astype(np.int64), height)
    left = np.minimum(columns.astype(np.int64), width)
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    # One flat index takes a third of the time of three.
    stride = width + 2
    flat = padded.reshape(-1, images.shape[3])
    first = (np.arange(len(images)) * (height + 2) * stride)[:, None, None] + top * stride + left
    above = flat[first] * (1 - across) + flat[first + 1] * across
    below = flat[first + stride] * (1 - across) + flat[first + stride + 1] * across
    return np.asarray(above * (1 - down) + below * down)


def shear(images: Floats, lean: float, draws: CounterRNG, background: Background) -> Floats:
    """Shear the images by ``lean`` times the height, to the left or to the right."""
    return _affine(images, _maps(xy=lean * draws.signs()), background)


def scale(images: Floats, size: float, draws: CounterRNG, background: Background) -> Floats:
    """Scale the images by the factor ``size``."""
    return _affine(images, _maps(xx=np.full(len(images), 1 / size), yy=np.full(len(images), 1 / size)), background)


def rotate(images: Floats, angle: float, draws: CounterRNG, background: Background) -> Floats:
    """Rotate the images by ``angle`` radians in a random direction."""
    turn = angle * draws.signs()
    return _affine(images, _maps(xx=np.cos(turn), xy=-np.sin(turn), yx=np.sin(turn), yy=np.cos(turn)), background)


def translate(images: Floats, distance: float, draws: CounterRNG, background: Background) -> Floats:
    """Move the images by ``distance`` pixels (of 28) in both directions, with random signs."""
    moves = distance * unit(images) * draws.signs(2)
    return _affine(images, _maps(xx=np.ones(len(images))), background, moves)


def _maps(**entries: Floats) -> Floats:
    """Return (n, 2, 2) maps from (y, x) in the result to the image, about the centre."""
    number = len(next(iter(entries.values())))
    maps = np.tile(np.eye(2), (number, 1, 1))
    entry_of = {"yy": (0, 0), "yx": (0, 1), "xy": (1, 0), "xx": (1, 1)}
    for name, values in entries.items():
        maps[(slice(None), *entry_of[name])] = values
    return maps


def _affine(images: Floats, maps: Floats, background: Background, moves: Floats | None = None) -> Floats:
    height, width = images.shape[1:3]
    grid = np.stack(np.meshgrid(np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij"))
    positions = np.einsum("nij,jhw->inhw", maps, grid)
    positions += np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None, None]
    if moves is not None:
        positions -= moves.T[:, :, None, None]
    return read_between(images, positions[0], positions[1], background)

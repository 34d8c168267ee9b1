"""The image slanted, made smaller, turned, moved: all about its middle, linear between pixels."""

from __future__ import annotations

import numpy as np

from ...data.background import Background
from ...types import Floats
from .draws import Draws
from .sampling import read_between, unit


def shear(images: Floats, lean: float, draws: Draws, background: Background) -> Floats:
    """The top leans over the bottom by ``lean`` times the height, to the left or to the right."""
    return _affine(images, _maps(xy=lean * draws.signs()), background)


def scale(images: Floats, size: float, draws: Draws, background: Background) -> Floats:
    """The image at ``size`` times its size."""
    return _affine(images, _maps(xx=np.full(len(images), 1 / size), yy=np.full(len(images), 1 / size)), background)


def rotate(images: Floats, angle: float, draws: Draws, background: Background) -> Floats:
    """Turned by ``angle`` radians, one way or the other."""
    turn = angle * draws.signs()
    return _affine(images, _maps(xx=np.cos(turn), xy=-np.sin(turn), yx=np.sin(turn), yy=np.cos(turn)), background)


def translate(images: Floats, distance: float, draws: Draws, background: Background) -> Floats:
    """Moved by ``distance`` pixels (of 28) up or down, and by as many to the left or to the right."""
    moves = distance * unit(images) * draws.signs(2)
    return _affine(images, _maps(xx=np.ones(len(images))), background, moves)


def _maps(**entries: Floats) -> Floats:
    """(n, 2, 2) maps from a place in the result, as y and x about the middle, to one in the image."""
    number = len(next(iter(entries.values())))
    maps = np.tile(np.eye(2), (number, 1, 1))
    places = {"yy": (0, 0), "yx": (0, 1), "xy": (1, 0), "xx": (1, 1)}
    for name, values in entries.items():
        maps[(slice(None), *places[name])] = values
    return maps


def _affine(images: Floats, maps: Floats, background: Background, moves: Floats | None = None) -> Floats:
    height, width = images.shape[1:3]
    grid = np.stack(np.meshgrid(np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij"))
    places = np.einsum("nij,jhw->inhw", maps, grid)
    places += np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None, None]
    if moves is not None:
        places -= moves.T[:, :, None, None]
    return read_between(images, places[0], places[1], background)

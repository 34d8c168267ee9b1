"""Colours, sizes and fonts of the figures, in place of anybody's settings of matplotlib.

Every colour has a role. The page replaces the colours below by CSS variables of the same names, so that one SVG suits light
and dark themes; hence no two roles share a value, and no data is drawn in any of them.
"""

import contextlib
import os
from pathlib import Path
from typing import Any

ROLES = {
    "ink": "#1b1e23",
    "muted": "#5c636d",
    "rule": "#d3d8de",
    "paper": "#fdfdfc",
    "training": "#0072b3",
    "validation": "#d45e01",
    "test": "#019e74",
    "accent": "#7b3fa1",
}
"""Colour on white by role. Training, validation and test are blue, orange and green of the Okabe–Ito palette, which stays
distinct with every common kind of colour blindness; lines and bars also differ in dash or hatch."""
INK, MUTED, RULE, BACKGROUND = (ROLES[role] for role in ("ink", "muted", "rule", "paper"))
TRAINING, VALIDATION, TEST, ACCENT = (ROLES[role] for role in ("training", "validation", "test", "accent"))
DARK_ON_TINT, LIGHT_ON_TINT, FAINT_ON_WHITE = "#010101", "#ffffff", "#767676"
"""Text on cells whose colour is data, the same on light and dark pages. ``#000000`` would not do: matplotlib omits it from an
SVG as the default, and the text would take the colour of the page's text."""
SEQUENTIAL = "viridis"
"""Colour map of activations: perceptually uniform."""
DIVERGING = "RdBu_r"
"""Colour map of signed weights: centred at zero, red positive, blue negative."""
ERRORS = "YlOrRd"
"""Colour map of error counts in the confusion matrix."""
TITLE_SIZE, TEXT_SIZE, SMALL_SIZE, TINY_SIZE = 12.0, 9.5, 8.0, 6.5
"""In points."""
WIDTH, MARGIN = 8.0, 0.2
"""Width and margin of a figure in inches: one width for all, so that text has one size down the page."""
RC: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": TEXT_SIZE,
    "text.color": INK,
    "text.hinting": "none",      # saves 5% of the time of all figures; invisible at this resolution
    "text.parse_math": False,     # a class name may be "$x$"
    "axes.axisbelow": True,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.unicode_minus": True,
    "figure.facecolor": BACKGROUND,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.8,
    "image.interpolation": "none",   # an SVG keeps the pixels; the browser enlarges them
    "image.composite_image": False,  # compositing would resample all images of a figure into one
    "xtick.color": MUTED,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "ytick.color": MUTED,
    "xtick.labelsize": SMALL_SIZE,
    "ytick.labelsize": SMALL_SIZE,
    "svg.fonttype": "none",       # text stays text: searchable, and in the reader's own fonts
    "svg.hashsalt": "convscope",  # the same run gives the same file
}  # fmt: skip

PNG_DPI = 144
SVG_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
"""Fonts of an SVG. All are narrower than DejaVu Sans, with which the layout is measured."""


def ignore_settings_file() -> None:
    """Import matplotlib from elsewhere if the current folder has settings for it, which may be anything, such as a pipe.

    For processes of convscope's own, at their start, since it changes the folder for a moment.
    """
    if os.path.lexists("matplotlibrc"):
        with contextlib.chdir(Path(__file__).parent):
            import matplotlib as mpl  # noqa: F401

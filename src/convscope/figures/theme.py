"""The only place that names a colour, a size or a font of the figures.

Every colour has a role. The page replaces the colours below by its own variables of the same names, so that one SVG is
right in light and in dark; hence no two roles share a value, and no data is drawn in any of them.
"""

from __future__ import annotations

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
"""Role → colour on white. Training, validation and test are blue, orange and green of the Okabe–Ito palette, which
stays distinct in every common kind of colour blindness; lines and bars also differ in dash or hatch."""

INK, MUTED, RULE, PAPER = (ROLES[role] for role in ("ink", "muted", "rule", "paper"))
TRAINING, VALIDATION, TEST, ACCENT = (ROLES[role] for role in ("training", "validation", "test", "accent"))

SEQUENTIAL = "viridis"
"""Activations: perceptually even, from nothing to much."""
DIVERGING = "RdBu_r"
"""Signed weights: centred at zero, red positive, blue negative."""
GREY = "binary"
"""Pictures of digits: black on white, as the notebook shows them."""
ERRORS = "YlOrRd"
"""Counts of errors in the confusion matrix."""

RC = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10.0,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.titlesize": 12.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "figure.facecolor": PAPER,
    "grid.color": RULE,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "svg.fonttype": "none",      # text stays text: searchable, and in the reader's own fonts
    "svg.hashsalt": "convscope",  # the same run gives the same file
}  # fmt: skip
PNG_DPI = 144

"""The test images on which runs disagree, from the runs' evidence or from the dataset."""

from __future__ import annotations

from collections.abc import Sequence

from ..analysis.comparison import Comparison
from ..data.again import same_dataset
from ..errors import ConvscopeError
from ..types import Images
from .opening import Opened

MOST_PICTURES = 240
"""Images in the gallery; one of MNIST takes about half a kilobyte of the page."""


def disagreeing_images(comparison: Comparison, runs: Sequence[Opened]) -> dict[int, Images]:
    """Return the first images of ``comparison.disagreements``, (h, w, c) uint8, by index in the test split.

    Images that no run has stored and that cannot be read again are missing.
    """
    wanted = comparison.disagreements[:MOST_PICTURES].tolist()
    kept: dict[int, Images] = {}
    for run in runs:
        if run.record.evidence is not None:
            evidence = run.record.evidence
            kept |= dict(zip(evidence.test_indices.tolist(), evidence.test_images, strict=True))
    if any(place not in kept for place in wanted):
        try:
            test = same_dataset(runs[0].record.request["dataset"]).test
            kept = {place: test.images[place] for place in wanted}
        except ConvscopeError:  # the data are gone; the page says how many images are missing
            pass
    return {place: kept[place] for place in wanted if place in kept}

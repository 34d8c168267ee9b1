"""All figures of a run, in the order of the notebook."""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.feature_maps import FeatureMaps, feature_maps
from ..analysis.kernels import kernels
from ..analysis.record import RunRecord
from .accuracy import draw_accuracy
from .baseline import draw_baseline
from .class_counts import draw_class_counts
from .confusion_matrix import draw_confusion_matrix
from .feature_maps import draw_feature_maps
from .feature_maps_per_class import draw_feature_maps_per_class
from .first_image import draw_first_image
from .first_image_matrix import draw_first_image_matrix
from .illustration import Illustration
from .kernel_wall import draw_kernels
from .loss import draw_loss
from .mistakes import draw_mistakes
from .model_diagram import draw_model_diagram
from .per_class import draw_per_class
from .samples import draw_samples
from .wording import validates_on_test


def illustrate(record: RunRecord) -> Iterator[Illustration]:
    """Every figure that applies to this run, drawn one at a time, so that only one is in memory."""
    yield from _data(record)
    yield draw_model_diagram(record.network)
    yield from _results(record)
    yield from _inside(record)
    if record.metrics.get("baseline"):
        yield draw_baseline(record.metrics, record.request["model"])


def _data(record: RunRecord) -> Iterator[Illustration]:
    examples, class_names = record.examples, record.evaluation.class_names
    first_name = class_names[examples.first_label]
    yield draw_first_image_matrix(examples.first_image, first_name)
    yield draw_first_image(examples.first_image, first_name)
    yield draw_samples(examples, class_names, record.metrics["data"]["train"])
    yield draw_class_counts(record.metrics, record.request, class_names)


def _results(record: RunRecord) -> Iterator[Illustration]:
    on_test = validates_on_test(record.request)
    yield draw_accuracy(record.history, on_test=on_test)
    yield draw_loss(record.history, on_test=on_test)
    yield draw_confusion_matrix(record.evaluation.confusion)
    yield draw_per_class(record.evaluation)
    if len(record.examples.mistake_indices):
        yield draw_mistakes(record.evaluation, record.examples)


def _inside(record: RunRecord) -> Iterator[Illustration]:
    """Kernels of the convolutions, then the maps of every convolution and pooling: all layers for the first test image, and
    after it for one image of each class."""
    examples, class_names = record.examples, record.evaluation.class_names
    for each in kernels(record.network):
        yield draw_kernels(each)
    test_name = class_names[examples.test_label]
    for_classes = _by_layer(feature_maps(record.network, examples.one_per_class))
    names = [class_names[int(each)] for each in examples.one_per_class_labels]
    for maps in feature_maps(record.network, examples.test_image):
        yield draw_feature_maps(maps, examples.test_image, test_name)
        yield draw_feature_maps_per_class(for_classes[maps.layer_name], examples.one_per_class, names)


def _by_layer(maps: tuple[FeatureMaps, ...]) -> dict[str, FeatureMaps]:
    return {each.layer_name: each for each in maps}

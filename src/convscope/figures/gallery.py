"""All figures of a run, in the order of the original notebook."""

from collections.abc import Callable, Iterator
from functools import partial

from ..analysis.activations import feature_maps, kernels
from ..runs.record import RunRecord
from .baseline import draw_baseline
from .class_counts import draw_class_counts
from .classification import draw_confusion_matrix, draw_per_class
from .figure import Illustration
from .layers import draw_feature_maps, draw_feature_maps_per_class, draw_kernels
from .learning_curves import draw_accuracy, draw_loss
from .mistakes import draw_mistakes
from .model_diagram import draw_model_diagram
from .robustness import draw_robustness
from .text import validates_on_test
from .training_images import draw_first_image, draw_first_image_matrix, draw_samples
from .uncertainty import draw_coverage, draw_reliability

Drawer = Callable[[], Illustration]


def illustrate(record: RunRecord) -> Iterator[Illustration]:
    """Yield every figure that applies to this run, one at a time, so that only one is in memory."""
    return (draw() for draw in drawers(record))


def drawers(record: RunRecord) -> list[Drawer]:
    """Return functions that draw these figures."""
    # Figures whose numbers are measured last come last, so that the positions of the others are known before.
    return [*_data(record), *_results(record), *_layers(record), *_measured_later(record)]


def _data(record: RunRecord) -> Iterator[Drawer]:
    examples, class_names = record.examples, record.evaluation.class_names
    first_name = class_names[examples.first_label]
    yield partial(draw_first_image_matrix, examples.first_image, first_name)
    yield partial(draw_first_image, examples.first_image, first_name)
    yield partial(draw_samples, examples, class_names, record.metrics["data"]["train"])
    yield partial(draw_class_counts, record.metrics, record.request, class_names)
    yield partial(draw_model_diagram, record.network)


def _results(record: RunRecord) -> Iterator[Drawer]:
    on_test = validates_on_test(record.request)
    yield partial(draw_accuracy, record.history, on_test=on_test)
    yield partial(draw_loss, record.history, on_test=on_test)
    yield partial(draw_confusion_matrix, record.evaluation.confusion)
    yield partial(draw_per_class, record.evaluation)
    if len(record.examples.mistake_indices):
        yield partial(draw_mistakes, record.calibrated, record.examples)


def _layers(record: RunRecord) -> Iterator[Drawer]:
    examples, class_names = record.examples, record.evaluation.class_names
    for each in kernels(record.network):
        yield partial(draw_kernels, each)
    test_name = class_names[examples.test_label]
    per_class = {each.layer_name: each for each in feature_maps(record.network, examples.one_per_class)}
    names = [class_names[int(each)] for each in examples.one_per_class_labels]
    for maps in feature_maps(record.network, examples.test_image):
        yield partial(draw_feature_maps, maps, examples.test_image, test_name)
        yield partial(draw_feature_maps_per_class, per_class[maps.layer_name], examples.one_per_class, names)


def _measured_later(record: RunRecord) -> Iterator[Drawer]:
    if record.metrics.get("uncertainty"):
        yield partial(draw_reliability, record.metrics["uncertainty"])
        yield partial(draw_coverage, record.evaluation, record.metrics["uncertainty"])
    if record.metrics.get("robustness"):
        yield partial(draw_robustness, record.metrics)
    if record.metrics.get("baseline"):
        yield partial(draw_baseline, record.metrics, record.request["model"])

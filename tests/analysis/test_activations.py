"""Kernels, feature maps and the images chosen for a report."""

from __future__ import annotations

import numpy as np

from convscope.analysis.activations import feature_maps, kernels
from convscope.analysis.sampling import EXAMPLES_PER_CLASS, MAX_MISTAKES
from convscope.api.run import Run


def test_kernels_has_every_kernel_of_both_convolutions(digits_run: Run) -> None:
    first, second = kernels(digits_run.record.network)
    assert (first.values.shape, second.values.shape) == ((1, 16, 3, 3), (16, 32, 3, 3))
    weights = digits_run.model.get_layer("conv2d_1").get_weights()[0]
    assert np.array_equal(second.values[5, 31], weights[:, :, 5, 31])


def test_feature_maps_equal_those_of_a_keras_activation_model(digits_run: Run) -> None:
    import keras

    model, images = digits_run.model, digits_run.dataset.test.images[:3]
    names = ["conv2d", "max_pooling2d", "conv2d_1", "max_pooling2d_1"]
    watcher = keras.Model(model.inputs[0], [model.get_layer(name).output for name in names])
    expected = watcher(images / np.float32(255))
    maps = feature_maps(digits_run.record.network, images)
    assert [each.layer_name for each in maps] == names
    for ours, theirs in zip(maps, expected, strict=True):
        assert np.allclose(ours.values, theirs, atol=1e-5)


def test_examples_are_the_first_images_and_the_most_confident_errors(digits_run: Run) -> None:
    examples, dataset, evaluation = digits_run.record.examples, digits_run.dataset, digits_run.record.calibrated
    assert np.array_equal(examples.first_image[0], dataset.train.images[0])
    assert np.array_equal(examples.test_image[0], dataset.test.images[0])
    assert np.bincount(examples.sample_labels).tolist() == [EXAMPLES_PER_CLASS] * 10
    assert examples.one_per_class_labels.tolist() == list(range(10))
    assert np.array_equal(dataset.test.images[examples.one_per_class_indices], examples.one_per_class)
    assert np.array_equal(examples.mistake_indices, evaluation.mistakes[:MAX_MISTAKES])


def test_the_ann_is_the_baseline_of_the_cnn_and_compared_image_by_image(digits_run: Run) -> None:
    baseline = digits_run.record.metrics["baseline"]
    assert baseline["model_name"] == "ann"
    assert baseline["both_wrong"] + baseline["only_baseline_wrong"] == baseline["errors"] > 0
    own = baseline["both_wrong"] + baseline["only_model_wrong"]
    assert own == digits_run.evaluation.errors
    assert baseline["error_ratio"] == own / baseline["errors"]

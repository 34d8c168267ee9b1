"""What the page knows: plain data, ready for JSON, which the template and the page's script read.

Numbers are those of ``metrics.json``, ``run.json`` and ``history.csv``; nothing is computed here. A float that JSON cannot
hold (NaN, infinity) becomes ``null``. Keys, at schema version 2:

    schema_version  2
    run             created, command, model, recipe, seed, config, versions, machine, stopped_early, precision,
                    batch_size: from run.json
    dataset         name, source, description, licence, content, notes, fingerprint, image_shape [h, w, c], class_names,
                    reading (the options that it was read with), digit_preprocessing and polarity (as ``fitting`` has them,
                    in full; runs of earlier versions lack them)
    metrics         metrics.json, whole: test, per_class, layers, data, baseline, findings…
    history         one entry per epoch: epoch, seconds, loss, accuracy, val_loss, val_accuracy, learning_rate
    network         name, input_shape, layers [{name, kind, settings, input_shape, output_shape, weights}],
                    non_trainable (number of parameters that no gradient changes)
    fitting         how pictures become what the network takes: digits (null, or digit_size_fraction, how much of the frame a
                    digit's longer side fills, and centre, whether by its mass), polarity (null, or "light on dark" or "dark on
                    light", for other grey images)
    first_image     label, class_name, pixels [h][w][c] in 0..255: the first training image
    test_image      label, class_name, predicted, confidence: test image 0, into which the page looks
    readings        {purpose: times}: what the test split was read for, by the run's ledger; empty where nobody kept count
    mistakes_shown  how many of the mistakes have a picture
    weights         null for a network that is too large for a page, or
                    arrays [{name: "layer/weight", shape, offset}], size: offset and size count elements;
                    final: the island of the final weights, float32;
                    epochs [{epoch, island, dtype}]: the epochs that were kept, the first and the last always. Those before
                    the last are float16, of which 8 binary digits are kept
    evidence        null, or what follows, with null for what does not apply:
      measured_on   "validation", or "training" where the recipe leaves no independent images: what calibration and
                    novelty were measured on
      test          count, sampled (whether that is not all of them); the islands images (uint8, h·w·c each), labels,
                    predictions (uint16), confidence, true_probability (float32), indices (uint32, ascending; null where
                    the images are all there). Mistakes come first into a sample
      reference     count, sample: training images, the first ``sample`` of which are drawn in proportion to their classes,
                    to measure distances to; the others are neighbours of mistakes. Islands images, labels, indices
                    (uint32, in the training split)
      nearest       {"test index": {true, predicted}}: the 3 nearest training images of either class, the nearest first, as
                    rows of reference; for the mistakes, the most confident first, that there was room for
      calibration   temperature, n, nll_before, nll_after, ece_before, ece_after: confidence is
                    softmax(logits / temperature); null where none of the n images was mistaken
      novelty       layer, neighbours, distances (101 percentiles), threshold (the 99th): an image's strangeness is the mean
                    of the distances to its nearest ``neighbours`` in the sample, between activations of that layer that
                    are brought to unit length first
      film          epochs, accuracy, confusion (rows true, columns predicted; null with over 100 classes) of the whole test
                    split, measured after the training with the weights that the page has
    evidence_missing  null, or why there is no evidence
    exercises       what the reader may try: kind, text, label, answer, image (see exercises.py)
    suspects_shown  of the images with suspect labels that the metrics name, those that are in the page: "train-5", "test-7"
    opened          null, or a picture that the page opens at, as `convscope explain` asks: name, pixels [h][w][c] in 0..255,
                    as the network is given it, done (what was done to it, in words)

An island is the id of an element that :mod:`convscope.page.islands` writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from .. import ledger
from ..analysis.record import RunRecord
from ..export.contract import contract_of
from ..models.network import Network
from ..types import Images
from .evidence import evidence_entry, suspects_shown
from .exercises import exercises
from .weights import weights_entry

SCHEMA_VERSION = 2
RUN_KEYS = ("created", "command", "model", "recipe", "seed", "config", "augmentation", "versions", "machine", "stopped_early",
            "precision", "batch_size", "backend", "accelerators")  # fmt: skip
NON_TRAINABLE = ("moving_mean", "moving_variance")
"""Keras' names for the weights that batch normalisation measures instead of learning."""


@dataclass(frozen=True, eq=False)
class OpenedPicture:
    """A picture to open the page at."""

    name: str
    pixels: Images
    """(h, w, c), what the network is given."""
    done: tuple[str, ...]
    """What was done to the picture, in words."""


def make_payload(record: RunRecord, *, opened: OpenedPicture | None = None) -> dict[str, Any]:
    """The payload of one run, as the module's docstring describes it."""
    request, examples = record.request, record.examples
    class_names = request["dataset"]["class_names"]
    evaluation = record.evaluation
    payload = {
        "schema_version": SCHEMA_VERSION,
        "run": {key: request[key] for key in RUN_KEYS if key in request},
        "dataset": request["dataset"],
        "metrics": record.metrics,
        "history": [asdict(epoch) for epoch in record.history],
        "network": {**record.network.description(), "non_trainable": _non_trainable(record.network)},
        "fitting": _fitting(record),
        "first_image": {
            "label": examples.first_label,
            "class_name": class_names[examples.first_label],
            "pixels": examples.first_image[0].tolist(),
        },
        "test_image": {
            "label": examples.test_label,
            "class_name": class_names[examples.test_label],
            "predicted": class_names[int(evaluation.predictions[0])],
            "confidence": float(evaluation.confidence[0]),
        },
        "readings": ledger.purposes(record.readings, request["dataset"].get("fingerprint", "")),
        "mistakes_shown": len(examples.mistake_indices),
        "weights": weights_entry(record),
        "evidence": evidence_entry(record),
        "evidence_missing": record.evidence_missing if record.evidence is None else None,
        "suspects_shown": suspects_shown(record),
        "opened": opened and {"name": opened.name, "pixels": opened.pixels.tolist(), "done": list(opened.done)},
    }
    payload["exercises"] = [asdict(each) for each in exercises(record, payload)]
    plain: dict[str, Any] = _plain(payload)
    return plain


def _fitting(record: RunRecord) -> dict[str, Any]:
    contract = contract_of(record)
    if contract.digits is None:
        return {"digits": None, "polarity": contract.polarity}
    return {
        "digits": {"digit_size_fraction": contract.digits.digit_size_fraction, "centre": contract.digits.centre},
        "polarity": None,
    }


def _non_trainable(network: Network) -> int:
    return sum(array.size for layer in network.layers for name, array in layer.weights.items() if name in NON_TRAINABLE)


def _plain(value: Any) -> Any:
    """Mappings and sequences as dict and list, all the way down; what is not finite as ``None``."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value

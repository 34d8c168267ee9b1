"""Reference data of a run that makes no report, so that predictions can still warn of out-of-distribution images.

Equal to that in the evidence, from the same images; for MNIST it takes a fifth of a second on two processors.
"""

from collections.abc import Mapping
from typing import Any

from ...data.dataset import Split
from ...models.predictor import Predictor
from ...training.validation_split import train_and_holdout_indices
from ..sampling import REFERENCE_BYTES, number_that_fits, reference_sample
from .feature_distance import measure_feature_distances
from .reference_data import ReferenceData


def measure_reference_data(
    predictor: Predictor, train: Split, config: Mapping[str, Any], *, layer_name: str, seed: int
) -> ReferenceData | None:
    """Measure the reference data of a trained network; None if it has no hidden layer or no images are left."""
    if not predictor.has_features:
        return None
    trained, held_out, _ = train_and_holdout_indices(train, config, seed=seed)
    limit = number_that_fits(train.images, REFERENCE_BYTES)
    sample = reference_sample(train.labels, trained, held_out, limit=limit, seed=seed)
    if len(held_out) == 0 or len(sample) == 0:
        return None
    features, reference = (predictor.features_and_logits(train.images[indices])[0] for indices in (held_out, sample))
    return ReferenceData(train.images[sample], measure_feature_distances(features, reference, layer_name))

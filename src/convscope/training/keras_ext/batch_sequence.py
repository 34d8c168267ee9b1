"""Training batches as arrays, for ``model.fit`` on any back-end of Keras."""

import keras
import numpy as np
import numpy.typing as npt

from ...data.preprocessing import to_inputs
from ...errors import ConfigError
from ...types import Images
from ..batches import Epoch, TrainingBatches, gather

Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]


class BatchSequence(keras.utils.PyDataset):  # type: ignore[misc]
    """The augmented batches of one epoch by index; :meth:`begin` sets the epoch."""

    def __init__(self, batches: TrainingBatches, *, shard: tuple[int, int] = (0, 1)) -> None:
        """Prepare the first epoch.

        ``shard`` is the index of this process, which feeds that part of every batch, and the number of processes; ConfigError if
        the batch size is not a multiple of that.
        """
        super().__init__()
        if batches.batch_size % shard[1]:
            raise ConfigError(
                f"batch_size must be a multiple of the number of processes, {shard[1]}; got {batches.batch_size}. "
                "Change one of the two."
            )
        self.batches, self._shard = batches, shard
        self.begin(0)

    def begin(self, number: int) -> None:
        """Set the epoch of the next pass, from 0."""
        self._epoch = self.batches.epoch(number)

    def __len__(self) -> int:
        return self.batches.steps_per_epoch

    def __getitem__(self, index: int) -> Batch:
        size, split = self.batches.batch_size, self.batches.split
        part = self._epoch.part(index * size, min((index + 1) * size, len(self._epoch.rows)))
        process, processes = self._shard
        share = len(part.rows) // processes
        part = part.part(process * share, (process + 1) * share)
        images = augmented(gather(split.images, part.rows), part)
        return to_inputs(images), split.labels[part.rows].astype(np.int32)


def augmented(images: Images, epoch: Epoch) -> Images:
    """Return images (n, h, w, c) with the changes that ``epoch``, of the same n images, gives them."""
    if epoch.warps is not None:
        return warp_images(images, epoch.warps)
    return images if epoch.shifts is None else shift_images(images, epoch.shifts)


def shift_images(images: Images, shifts: npt.NDArray[np.int16]) -> Images:
    """Read each image ``shifts`` (n, 2) rows further down and columns further right, repeating its edge pixels."""
    height, width = images.shape[1:3]
    rows = np.clip(np.arange(height) + shifts[:, :1], 0, height - 1)
    columns = np.clip(np.arange(width) + shifts[:, 1:], 0, width - 1)
    shifted: Images = images[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]]
    return shifted


def warp_images(images: Images, maps: npt.NDArray[np.float32]) -> Images:
    """Apply affine maps (n, 8) with bilinear interpolation, repeating the pixels at the edges."""
    warped = keras.ops.image.affine_transform(
        images, maps, interpolation="bilinear", fill_mode="nearest", data_format="channels_last"
    )
    return np.asarray(keras.ops.convert_to_numpy(warped), np.uint8)

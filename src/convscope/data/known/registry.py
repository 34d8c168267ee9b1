"""Registry of datasets that do not ship with convscope: Fashion-MNIST, KMNIST, EMNIST.

It holds their descriptions, the folders where Keras, torchvision, Debian and ``convscope fetch`` store them, and mirrors.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_uppercase, digits

from ...system.cache_folder import cache_folder

MNIST_FILES = tuple(f"{split}-{what}-ubyte.gz" for split in ("train", "t10k") for what in ("images-idx3", "labels-idx1"))


@dataclass(frozen=True)
class Archive:
    """A file that ``convscope fetch`` downloads: an IDX file, or a zip archive of several."""

    name: str
    mirrors: tuple[str, ...]
    """URLs of the folder that holds it, each with a trailing slash."""
    num_bytes: int
    """Size of the file; a download that exceeds it by far is stopped."""
    sha256: str = ""
    """Checksum of the decompressed bytes, independent of how a mirror packed them."""
    packed_sha256: str = ""
    """Checksum of the packed file, where only this one is published."""
    members: tuple[str, ...] = ()
    """The needed members of a zip archive."""

    @property
    def checksum(self) -> str:
        """The checksum with its kind, for messages."""
        return f"SHA-256 of its decompressed bytes {self.sha256}" if self.sha256 else f"SHA-256 {self.packed_sha256}"


@dataclass(frozen=True)
class KnownSet:
    """A dataset known by name."""

    name: str
    description: str
    licence: str
    content: str
    class_names: Mapping[int, str]
    archives: tuple[Archive, ...]
    keras: str = ""
    """Folder below ``~/.keras/datasets``."""
    torchvision: str = ""
    """Folder below ``data``, the root in torchvision's documentation."""
    debian: str = ""
    prefix: str = ""
    """Prefix of the file names, before ``-train``."""
    sha256: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Checksums of the decompressed files by split and content, known for Fashion-MNIST only. For the others only checksums of
    the packed files are published: ``convscope fetch`` compares those, and files unpacked elsewhere are checked by ``counts``."""
    counts: tuple[int, int] | None = None
    """Numbers of training and test images of 28 × 28, for a dataset without ``sha256``."""

    def folders(self) -> list[Path]:
        """Return the folders to search, in order."""
        keras = Path(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")) / "datasets"  # noqa: PTH111 - never raises
        return [
            self.home,
            *([keras / self.keras] if self.keras else []),
            *([Path("data") / self.torchvision / "raw"] if self.torchvision else []),
            *([Path(self.debian)] if self.debian else []),
        ]

    @property
    def home(self) -> Path:
        """The folder that ``convscope fetch`` stores it in."""
        return cache_folder() / self.name


FASHION_SHA256 = {
    ("train", "images"): "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ("train", "labels"): "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ("test", "images"): "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ("test", "labels"): "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
"""Computed from Debian's package dataset-fashion-mnist 0.0~git20200523.55506a9-1."""
FASHION_MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)

KMNIST_MIRRORS = (
    "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    "https://huggingface.co/datasets/tanganke/kmnist/resolve/main/raw/",
)

EMNIST_MIRRORS = (
    "https://biometrics.nist.gov/cs_links/EMNIST/",
    "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
)

EMNIST_SHA256 = "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e"
"""Checksum of the archive, published in TensorFlow Datasets, url_checksums/emnist.txt."""


def _emnist(subset: str, description: str, content: str, class_names: dict[int, str], counts: tuple[int, int]) -> KnownSet:
    prefix = f"emnist-{subset}"
    files = [
        f"{prefix}-{split}-{what}"
        for split in ("train", "test")
        for what in ("images-idx3-ubyte.gz", "labels-idx1-ubyte.gz")
    ]
    members = tuple(f"gzip/{name}" for name in files)
    return KnownSet(
        name=prefix,
        description=description,
        licence="none stated; from NIST Special Database 19, by Cohen, Afshar, Tapson and van Schaik",
        content=content,
        class_names=class_names,
        archives=(Archive("gzip.zip", EMNIST_MIRRORS, 561_753_746, packed_sha256=EMNIST_SHA256, members=members),),
        torchvision="EMNIST",
        prefix=prefix,
        counts=counts,
    )


def _idx_archives(
    mirrors: tuple[str, ...], sizes: tuple[int, ...], checksums: Iterable[str], *, packed: bool
) -> tuple[Archive, ...]:
    return tuple(
        Archive(name, mirrors, size, "" if packed else checksum, checksum if packed else "")
        for name, size, checksum in zip(MNIST_FILES, sizes, checksums, strict=True)
    )


FASHION = KnownSet(
    name="fashion",
    description="Fashion-MNIST, Zalando's images of clothing articles",
    licence="MIT, Zalando SE",
    content="clothes",
    class_names=dict(enumerate(
        ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
    )),
    archives=_idx_archives(FASHION_MIRRORS, (26_421_880, 29_515, 4_422_102, 5_148), FASHION_SHA256.values(), packed=False),
    keras="fashion-mnist",
    torchvision="FashionMNIST",
    debian="/usr/share/datasets/fashion-mnist",
    sha256=FASHION_SHA256,
)  # fmt: skip

KMNIST = KnownSet(
    name="kmnist",
    description="Kuzushiji-MNIST, cursive Japanese characters from old books",
    licence="CC BY-SA 4.0, ROIS-DS Center for Open Data in the Humanities",
    content="characters",
    class_names=dict(enumerate(("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"))),
    # Published in TensorFlow Datasets, url_checksums/kmnist.txt.
    archives=_idx_archives(KMNIST_MIRRORS, (18_165_135, 29_497, 3_041_136, 5_120), (
        "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
        "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
        "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
        "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
    ), packed=True),
    torchvision="KMNIST",
    counts=(60_000, 10_000),
)  # fmt: skip

EMNIST_LETTERS = _emnist(
    "letters", "EMNIST letters: handwritten letters, upper and lower case merged", "letters",
    {number: f"{letter}{letter.lower()}" for number, letter in enumerate(ascii_uppercase, 1)},
    (124_800, 20_800),
)  # fmt: skip

EMNIST_BALANCED = _emnist(
    "balanced", "EMNIST balanced: handwritten digits and letters", "characters",
    dict(enumerate([*digits, *ascii_uppercase, *"abdefghnqrt"])),
    (112_800, 18_800),
)  # fmt: skip

KNOWN_SETS: dict[str, KnownSet] = {each.name: each for each in (FASHION, KMNIST, EMNIST_LETTERS, EMNIST_BALANCED)}

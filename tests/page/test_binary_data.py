"""Arrays go into the page and come out of it bit for bit: read back here in Python, and by the page's own readers in Node."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.analysis.epoch_snapshots import BYTES_PER_WEIGHT, page_weights, quantize_weights
from convscope.analysis.sampling import TEST_BYTES, number_that_fits
from convscope.data.dataset import Dataset
from convscope.page.binary_data import encode, planes
from convscope.page.payload import encode_arrays, make_payload
from convscope.runs.record import RunRecord

Array = np.ndarray[Any, Any]
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no node on this machine")


def decode(text: str, dtype: str) -> Array:
    """The encoding undone with other means than it was done with."""
    raw = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    size = np.dtype(dtype).itemsize
    return np.ascontiguousarray(raw.reshape(size, -1).T).view(np.dtype(dtype).newbyteorder("<")).ravel()


def read_by_node(tmp_path: Path, islands: dict[str, str], payload: Any, numbers: list[tuple[str, str]]) -> dict[str, Any]:
    assert NODE is not None
    source, target = tmp_path / "page.json", tmp_path / "out.json"
    source.write_text(json.dumps({"islands": islands, "payload": payload, "numbers": numbers}), "utf-8")
    script = Path(__file__).with_name("data_run.mjs")
    subprocess.run([NODE, str(script), str(source), str(target)], check=True, timeout=60)
    found: dict[str, Any] = json.loads(target.read_text("utf-8"))
    return found


def floats(values: list[float | str]) -> Array:
    return np.array([float(value) for value in values], np.float32)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "float32"])
def test_an_island_holds_the_array(dtype: str) -> None:
    array = (np.random.default_rng(0).random((3, 5, 2)) * 200).astype(dtype)
    text = encode(array)
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", text)
    assert np.array_equal(decode(text, dtype), array.ravel())


def test_the_first_bytes_of_all_numbers_come_first_whatever_the_machines_order() -> None:
    assert planes(np.array([0x0102, 0x0304], ">u2")) == bytes([2, 4, 1, 3])
    assert planes(np.array([0x0102, 0x0304], "<u2")) == bytes([2, 4, 1, 3])


def test_an_array_that_is_laid_out_otherwise_gives_the_same() -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert encode(np.asfortranarray(array)) == encode(array)


def test_weights_shrink_by_it() -> None:
    weights = np.random.default_rng(0).normal(0, 0.05, 50_000).astype(np.float32)
    assert len(zlib.compress(planes(weights), 9)) < 0.94 * len(zlib.compress(weights.tobytes(), 9))


def test_every_island_that_the_payload_names_is_there_and_no_other(digits_record: RunRecord) -> None:
    payload = json.dumps(make_payload(digits_record))
    islands = encode_arrays(digits_record)
    assert all(f'"{name}"' in payload for name in islands)
    named = set(re.findall(r'"((?:weights|test|reference|baseline|mahalanobis|pca)-[\w-]+)"', payload))
    assert named == set(islands)


def test_the_islands_stand_in_the_page(digits_record: RunRecord, page_text: str) -> None:
    found = dict(re.findall(r'<script type="text/plain" id="([^"]+)">([^<]*)</script>', page_text))
    assert found == encode_arrays(digits_record)


def test_the_weights_are_those_of_the_run(digits_record: RunRecord, page: dict[str, Any]) -> None:
    islands, entry = encode_arrays(digits_record), page["weights"]
    final = decode(islands[entry["final"]], "float32")
    first = decode(islands[entry["epochs"][0]["island"]], "uint16")
    assert len(final) == len(first) == entry["size"] == digits_record.network.num_parameters
    for array in entry["arrays"]:
        place = slice(array["offset"], array["offset"] + int(np.prod(array["shape"])))
        assert np.array_equal(final[place].reshape(array["shape"]), digits_record.network.weight_arrays()[array["name"]])
        counts, step = quantize_weights(digits_record.snapshots[0][array["name"]], final[place].reshape(array["shape"]))
        assert np.array_equal(first[place].reshape(array["shape"]), counts)
        assert entry["epochs"][0]["steps"][entry["arrays"].index(array)] == step
    assert [epoch["epoch"] for epoch in entry["epochs"]] == [1, 2]
    assert entry["epochs"][-1]["island"] == entry["final"]


@needs_node
def test_node_reads_every_kind_of_number_as_numpy_has_it(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    arrays = {
        "floats": np.concatenate([generator.normal(0, 1, 999), [0, -0.0, np.inf, 1e-45, 3.4e38]]).astype(np.float32),
        "shorts": generator.integers(0, 2**16, 777).astype(np.uint16),
        "longs": generator.integers(0, 2**32, 778).astype(np.uint32),
        "bytes": np.arange(256, dtype=np.uint8),
        "nothing": np.zeros(0, np.float32),
    }
    numbers = [(name, array.dtype.name) for name, array in arrays.items()]
    found = read_by_node(tmp_path, {name: encode(array) for name, array in arrays.items()}, {"weights": None}, numbers)
    for name, array in arrays.items():
        values = floats(found["numbers"][name]) if array.dtype.kind == "f" else np.array(found["numbers"][name], array.dtype)
        expected = array.astype(values.dtype)
        assert np.array_equal(values, expected, equal_nan=array.dtype.kind == "f"), name
        assert np.array_equal(np.signbit(values)[~np.isnan(values)], np.signbit(expected)[~np.isnan(expected)]), name
    assert found["weights"] == [None]
    assert found["test"] is None
    assert found["reference"] is None


@needs_node
def test_node_reads_weights_and_images_of_a_run(tmp_path: Path, digits_record: RunRecord) -> None:
    evidence, evaluation = digits_record.evidence, digits_record.calibrated
    assert evidence is not None
    found = read_by_node(
        tmp_path, dict(encode_arrays(digits_record)), make_payload(digits_record), [("test-labels", "uint16")]
    )
    first, last, final = found["weights"]
    early = page_weights(digits_record.network, digits_record.snapshots[0])
    assert last == final
    for name, array in digits_record.network.weight_arrays().items():
        assert np.array_equal(floats(final[name]), array.ravel())
        assert np.array_equal(floats(first[name]), early[name].ravel())
    test, reference = found["test"], found["reference"]
    assert (test["count"], test["height"], test["width"], test["channels"]) == evidence.test_images.shape
    assert test["pixels"] == evidence.test_images.ravel().tolist()
    assert test["labels"] == evaluation.labels.tolist()
    assert test["predictions"] == evaluation.predictions.tolist()
    assert np.array_equal(floats(test["confidence"]), evaluation.confidence.astype(np.float32))
    truth = evaluation.probabilities[np.arange(len(evaluation)), evaluation.labels]
    assert np.array_equal(floats(test["trueProbability"]), truth.astype(np.float32))
    assert test["indices"] == list(range(len(evaluation)))
    assert not test["sampled"]
    assert np.array_equal(floats(found["inputs"]), evidence.test_images[-1].ravel() / np.float32(255))
    assert reference["pixels"] == evidence.reference_images.ravel().tolist()
    assert reference["labels"] == evidence.reference_labels.tolist()
    assert reference["indices"] == evidence.reference_indices.tolist()
    assert reference["sample"] == evidence.sample


@needs_node
def test_node_finds_the_places_of_a_sample(tmp_path: Path, digits_record: RunRecord) -> None:
    evidence, evaluation = digits_record.evidence, digits_record.evaluation
    assert evidence is not None
    shown = np.array([0, 4, 300])
    sampled = replace(evidence, test_images=evidence.test_images[shown], test_indices=shown)
    record = replace(digits_record, evidence=sampled)
    test = read_by_node(tmp_path, dict(encode_arrays(record)), make_payload(record), [("test-labels", "uint16")])["test"]
    assert test["sampled"]
    assert test["indices"] == shown.tolist()
    assert test["labels"] == evaluation.labels[shown].tolist()


@needs_node
def test_what_is_not_there_is_named(tmp_path: Path, digits_record: RunRecord) -> None:
    found = read_by_node(
        tmp_path, dict(encode_arrays(digits_record)), make_payload(digits_record), [("test-labels", "uint16")]
    )
    island, kind, epoch = found["errors"]
    assert "nowhere" in island
    assert "float8" in kind
    assert "0 to 1" in epoch


def test_a_page_of_mnist_and_cnn_has_room_for_every_test_image_and_ten_epochs(mnist: Dataset) -> None:
    weights = np.random.default_rng(0).normal(0, 0.1, 108_618).astype(np.float32)
    early = weights + np.random.default_rng(1).normal(0, 0.05, weights.shape).astype(np.float32)
    counts, _ = quantize_weights(early.reshape(2, -1), weights.reshape(2, -1))
    parts = [encode(mnist.test.images), encode(weights), *[encode(counts)] * 9]
    assert number_that_fits(mnist.test.images, TEST_BYTES) >= 10_000
    assert len(parts[0]) <= TEST_BYTES
    assert len(parts[-1]) <= BYTES_PER_WEIGHT * len(weights)
    assert sum(map(len, parts)) <= 3.6e6  # of the 5 MB; figures, text, scripts and other images take about 1.4

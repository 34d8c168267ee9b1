from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convscope.data import threads as data_threads
from convscope.data.images.inputs import open_image
from convscope.data.preprocessing import ImagePreprocessor
from convscope.data.read_options import DatasetLoaded, ReadProgress
from convscope.data.readers.image_folder_decoding import choose_size, decode_all, keep_rows, read_image_headers
from convscope.errors import DatasetError
from convscope.system import memory

GENERATOR = np.random.default_rng(0)


def saved(path: Path, *shape: int) -> str:
    Image.fromarray(GENERATOR.integers(0, 256, shape, dtype=np.uint8)).save(path)
    return str(path)


@pytest.mark.parametrize(
    ("sizes", "size"),
    [
        ([(28, 28)] * 5, (28, 28)),
        ([(20, 40)] * 5, (20, 40)),
        ([(480, 640)] * 5, (72, 96)),
        ([(640, 480), (480, 640), (480, 640)], (72, 96)),
        ([(30, 40), (32, 44), (90, 20)], (32, 40)),
        ([(7, 5)] * 2, (7, 5)),
        ([(5, 3)], (8, 8)),
        ([(7, 5), (5, 7)], (8, 8)),
        ([(3000, 10)], (96, 8)),
        ([], (96, 96)),
    ],
)
def test_the_size_is_that_of_all_or_their_medians_and_never_over_96(
    sizes: list[tuple[int, int]], size: tuple[int, int]
) -> None:
    chosen, note = choose_size(sizes)
    assert chosen == size
    assert bool(note) == (set(sizes) not in ({size}, set()))


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 5000)), min_size=1, max_size=9))
def test_any_sizes_give_one_that_can_be_trained_on(sizes: list[tuple[int, int]]) -> None:
    (height, width), _ = choose_size(sizes)
    assert min(height, width) >= 8 or set(sizes) == {(height, width)}
    assert min(height, width) >= 4
    assert max(height, width) <= 96
    assert choose_size(sizes[::-1])[0] == (height, width)


def test_headers_tell_sizes_as_people_see_them(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(GENERATOR.integers(0, 256, (30, 50, 3), dtype=np.uint8)).save(tmp_path / "a.jpg", exif=exif)
    (tmp_path / "b.png").write_bytes(b"no picture")
    headers = read_image_headers([str(tmp_path / "a.jpg"), str(tmp_path / "b.png"), saved(tmp_path / "c.png", 5, 6)], None)
    assert [(header.size, header.may_be_coloured) for header in headers] == [((50, 30), True), ((5, 6), False)]


def test_images_become_what_predict_would_make_of_them(tmp_path: Path) -> None:
    paths = [saved(tmp_path / "a.png", 30, 40, 3), saved(tmp_path / "b.jpg", 64, 48, 3), saved(tmp_path / "c.png", 9, 9)]
    decoded = decode_all(paths, str(tmp_path), ImagePreprocessor((16, 12, 3)), None)
    assert decoded.bad == {}
    for path, image in zip(paths, decoded.images, strict=True):
        expected = ImagePreprocessor((16, 12, 3)).preprocess(open_image(path, path).pixels).pixels
        assert np.array_equal(image, expected)


def test_images_saved_in_colour_without_any_are_grey(tmp_path: Path) -> None:
    grey = GENERATOR.integers(0, 256, (3, 10, 10), dtype=np.uint8)
    for index, image in enumerate(grey):
        Image.fromarray(image).convert(("RGB", "P", "LA")[index]).save(tmp_path / f"{index}.png")
    paths = sorted(map(str, tmp_path.iterdir()))
    decoded = decode_all(paths, str(tmp_path), ImagePreprocessor((10, 10, 3)), None)
    assert np.array_equal(decoded.images[..., 0], grey)
    assert decoded.images.shape == (3, 10, 10, 1)


def test_bad_image_files_are_all_named_and_the_others_decoded(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "gone.png").symlink_to(tmp_path / "absent")
    paths = [str(tmp_path / name) for name in ("empty.png", "text.png", "gone.png")] + [saved(tmp_path / "good.png", 5, 5)]
    decoded = decode_all(paths, str(tmp_path), ImagePreprocessor((5, 5, 1)), None)
    assert sorted(decoded.bad) == [0, 1, 2]
    assert decoded.bad[0].reason.startswith("'empty.png' is empty")
    assert decoded.bad[1].reason.startswith("'text.png' is of unknown format")
    assert decoded.bad[2].reason.startswith("'gone.png' is a broken link")
    assert np.array_equal(decoded.images[3], open_image(paths[3], "x").pixels)


def test_progress_comes_in_order_and_in_the_callers_thread(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{index:02}.png", 4, 4) for index in range(40)]
    events: list[ReadProgress | DatasetLoaded] = []
    threads = set()

    def listen(event: ReadProgress | DatasetLoaded) -> None:
        events.append(event)
        threads.add(threading.current_thread())

    decode_all(paths, str(tmp_path), ImagePreprocessor((4, 4, 1)), listen)
    assert events == [ReadProgress("decoding image files", done, 40) for done in (16, 32, 40)]
    assert threads == {threading.current_thread()}


def test_the_number_of_threads_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [saved(tmp_path / f"{index:02}.png", 6 + index % 3, 7, 3) for index in range(50)]
    found = []
    for count in (1, 2, 7, None):
        monkeypatch.setattr(data_threads.os, "cpu_count", lambda count=count: count)
        found.append(decode_all(paths, str(tmp_path), ImagePreprocessor((5, 5, 3)), None).images)
    assert all(np.array_equal(found[0], other) for other in found[1:])


def test_an_interrupt_ends_it(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{index}.png", 4, 4) for index in range(40)]

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode_all(paths, str(tmp_path), ImagePreprocessor((4, 4, 1)), interrupt)


def test_where_memory_is_short_pixels_go_to_an_unnamed_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [saved(tmp_path / f"{index}.png", 8, 8, 3) for index in range(10)]
    plain = decode_all(paths, str(tmp_path), ImagePreprocessor((8, 8, 3)), None)
    monkeypatch.setattr(memory, "free_memory", lambda: 3000)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    mapped = decode_all(paths, str(tmp_path), ImagePreprocessor((8, 8, 3)), None)
    assert isinstance(mapped.images, np.memmap)
    assert np.array_equal(mapped.images, plain.images)
    assert list((tmp_path / "cache" / "convscope").iterdir()) == []
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/cache")
    with pytest.raises(DatasetError, match=r"needs 1\.9 kB.*image_size"):
        decode_all(paths, str(tmp_path), ImagePreprocessor((8, 8, 3)), None)


@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_kept_rows_move_up(kept: list[bool]) -> None:
    images = np.arange(len(kept), dtype=np.uint8).reshape(-1, 1, 1, 1)
    rows = np.flatnonzero(kept)
    assert keep_rows(images.copy(), rows).ravel().tolist() == rows.tolist()

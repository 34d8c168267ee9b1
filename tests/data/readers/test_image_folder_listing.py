from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from convscope.data.readers.image_folder_listing import Listing, holds_classes, list_folder
from convscope.data.readers.labels import natural_order
from convscope.errors import DatasetError


def make(root: Path, *names: str) -> Path:
    """Empty files; a name that ends in / is a folder."""
    for name in names:
        path = root / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.touch()
    return root


def found(listing: Listing) -> dict[str, dict[str, list[str]]]:
    return {
        split: {name: [os.path.relpath(path, listing.root) for path in paths] for name, paths in classes.items()}
        for split, classes in listing.splits.items()
    }


def list_folder_top(root: Path) -> Path:
    """Where a table would lie: beside the folders, also below one that wraps them."""
    return root / "images" if (root / "images" / "train").is_dir() else root


def test_a_folder_per_class_with_image_files_at_any_depth(tmp_path: Path) -> None:
    root = make(
        tmp_path, "cat/2.png", "cat/10.PNG", "cat/deep/er/1.jpeg", "dog/a.png/b.webp", "class 10/x.gif", "class 9/x.tif"
    )
    listing = list_folder(root)
    assert found(listing)[""] == {
        "cat": ["cat/10.PNG", "cat/2.png", "cat/deep/er/1.jpeg"],
        "class 10": ["class 10/x.gif"],
        "class 9": ["class 9/x.tif"],
        "dog": ["dog/a.png/b.webp"],
    }
    assert listing.class_names() == ("cat", "class 9", "class 10", "dog")


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("train", "test"), {"train", "test"}),
        (("Training", "TESTING"), {"train", "test"}),
        (("train", "valid", "test"), {"train", "val", "test"}),
        (("train", "validation"), {"train", "val"}),
        (("train",), {"train"}),
        (("training_set", "test_set"), {"train", "test"}),
        (("Training Data", "Validation-Data"), {"train", "val"}),
        (("seg_train", "seg_test"), {"train", "test"}),
        (("trainset", "testset"), {"train", "test"}),
        (("train", "dev"), {"train", "val"}),
        (("train", "eval", "test"), {"train", "val", "test"}),
    ],
)
def test_splits_are_known_by_their_names_where_classes_lie_in_them(
    names: tuple[str, ...], splits: set[str], tmp_path: Path
) -> None:
    for name in names:
        make(tmp_path, f"{name}/cat/1.png", f"{name}/dog/1.png")
    listing = list_folder(make(tmp_path, "README.txt", "annotations/list.txt"))
    assert set(listing.splits) == splits
    assert listing.class_names() == ("cat", "dog")


def test_a_split_may_lie_in_a_folder_of_its_own_name(tmp_path: Path) -> None:
    """As the archive of Intel's scenes on Kaggle unpacks."""
    names = [f"seg_{split}/seg_{split}/{kind}/1.png" for split in ("train", "test") for kind in ("sea", "street")]
    listing = list_folder(make(tmp_path, *names, "seg_pred/seg_pred/1.png"))
    assert found(listing)["train"] == {
        "sea": ["seg_train/seg_train/sea/1.png"],
        "street": ["seg_train/seg_train/street/1.png"],
    }


def test_classes_that_have_a_word_for_a_split_in_their_names_stay_classes(tmp_path: Path) -> None:
    listing = list_folder(make(tmp_path, "train station/a/1.png", "bus station/a/1.png", "test tube/b/1.png"))
    assert listing.class_names() == ("bus station", "test tube", "train station")
    listing = list_folder(make(tmp_path / "x", "cat/2020/1.png", "cat/1.png", "dog/2020/1.png", "dog/2021/1.png"))
    assert listing.class_names() == ("cat", "dog")


def test_a_class_of_trains_is_no_split(tmp_path: Path) -> None:
    listing = list_folder(make(tmp_path, "train/1.png", "bus/1.png", "tram/1.png"))
    assert found(listing) == {"": {"bus": ["bus/1.png"], "train": ["train/1.png"], "tram": ["tram/1.png"]}}


@pytest.mark.parametrize(
    "names",
    [
        ("train", "test"),
        ("train", "test", "valid"),
        ("Train", "Unlabelled"),
        ("my_train", "my_test"),
        ("my_train", "test-2"),
        ("train-1", "train-2"),
        ("train2017", "val2017"),
        ("TrainImages", "TestImages"),
        ("training_set", "testing_set"),
        ("01 train", "02 validation"),
        ("train+val", "test"),
        ("cats_train", "dogs_train", "cats_test", "dogs_test"),
        ("train", "test", "masks"),
        ("train",),
        ("xy-test-final",),
        ("images/train", "images/val"),
        ("train/train", "test/test"),
        ("train/images", "test/images"),
        ("mytrain", "mytest"),
        ("trainA", "trainB", "testA", "testB"),
        ("fold1", "fold2", "fold3"),
        ("xtrain", "xvalidation", "xtest"),
    ],
)
@pytest.mark.parametrize("all_as_test", [False, True])
def test_splits_without_class_folders_are_never_classes(names: tuple[str, ...], all_as_test: bool, tmp_path: Path) -> None:
    root = make(tmp_path, *(f"{name}/{index}.png" for name in names for index in range(3)), "@eaDir/x/1.png")
    make(list_folder_top(root), "labels.csv")
    with pytest.raises(DatasetError, match="no class folders: .* labels.csv are not read.*one folder per class"):
        list_folder(root, all_as_test=all_as_test)


@pytest.mark.parametrize(
    ("names", "splits", "top"),
    [
        (("{}/train/cat/1.png", "{}/train/dog/1.png", "{}/test/1.png"), {"train"}, "{}"),
        (("{}/train/cat/1.png", "{}/train/dog/1.png", "{}/test/cat/1.png"), {"train", "test"}, "{}"),
        (("{}/{}/cat/1.png", "{}/{}/dog/1.png"), {""}, "{}/{}"),
        (("data/images/cat/1.png", "data/images/dog/1.png"), {""}, "data/images"),
        (("pets/train/cat/1.png", "pets/train/dog/1.png"), {"train"}, "pets"),
        (("abc_train/abc_train/cat/1.png", "abc_train/abc_train/dog/1.png", "abc_test/abc_test/cat1.png"), {"train"}, ""),
        (("abc_train/abc_train/cat/1.png", "abc_train/abc_train/dog/1.png"), {"train"}, ""),
        (("train/images/cat/1.png", "train/images/dog/1.png", "test/images/dog/1.png"), {"train", "test"}, ""),
        (("my_train/cat/1.png", "my_train/dog/1.png", "test-2/dog/1.png"), {"train", "test"}, ""),
        (("mytrain/cat/1.png", "mytrain/dog/1.png", "mytest/dog/1.png"), {"train", "test"}, ""),
        (("train2/cat/1.png", "train2/dog/1.png", "unlabelled/1.png"), {"train"}, ""),
    ],
)
def test_folders_that_only_wrap_the_data_are_looked_into(
    names: tuple[str, ...], splits: set[str], top: str, tmp_path: Path
) -> None:
    root = make(tmp_path / "mine", "README.md", *(name.replace("{}", "mine") for name in names))
    listing = list_folder(root)
    assert (set(listing.splits), listing.class_names()) == (splits, ("cat", "dog"))
    assert listing.top == root / top.replace("{}", "mine")
    assert holds_classes(root)


@pytest.mark.parametrize(
    "name",
    ["@eaDir", "@EADIR", "@tmp", "#recycle", "#snapshot", "@Recycle", ".@__thumb", "$RECYCLE.BIN", "$Recycle.Bin",
     "System Volume Information", "__MACOSX", "__pycache__", "lost+found", "found.000", ".ipynb_checkpoints", ".Trash-1000",
     ".Spotlight-V100", "RECYCLER", "Thumbs.db", "Network Trash Folder"],
)  # fmt: skip
def test_folders_of_systems_are_no_classes_at_any_depth(name: str, tmp_path: Path) -> None:
    places = ("", "train/", "train/cat/", "test/", "test/dog/")
    make(tmp_path, *(f"{split}/{kind}/1.png" for split in ("train", "test") for kind in ("cat", "dog")))
    listing = list_folder(make(tmp_path, *(f"{place}{name}/{file}" for place in places for file in ("1.png", "x/2.png"))))
    assert listing.class_names() == ("cat", "dog")
    assert sum(len(paths) for classes in listing.splits.values() for paths in classes.values()) == 4


def test_characters_stay_classes(tmp_path: Path) -> None:
    names = ("#", "$", "@", "~", "$10", "#1", "recycled", "recycler", "valid", "invalid", "strain", "contest")
    assert set(list_folder(make(tmp_path, *(f"{name}/1.png" for name in names))).class_names()) == set(names)


def test_a_test_split_without_classes_is_ignored_with_a_note(tmp_path: Path) -> None:
    listing = list_folder(make(tmp_path, "train/cat/1.png", "train/dog/1.png", "test/1.png", "test/2.png"))
    assert set(listing.splits) == {"train"}
    assert listing.notes == ["ignored test/, which has no class folders"]


def test_image_files_in_no_class_folder_are_counted(tmp_path: Path) -> None:
    names = [f"{split}/{kind}/1.png" for split in ("train", "test") for kind in ("cat", "dog")]
    listing = list_folder(make(tmp_path / "a", *names, "train/1.png", "train/2.png", "test/images.txt"))
    assert listing.notes == ["ignored 2 image files in train/ outside the class folders"]
    listing = list_folder(make(tmp_path / "b", "cat/1.png", "dog/1.png", "1.png"))
    assert listing.notes == ["ignored 1 image file outside the class folders"]


def test_what_systems_leave_behind_is_not_seen_and_other_files_are_counted(tmp_path: Path) -> None:
    systems = ("cat/.DS_Store", "cat/._1.png", "dog/Thumbs.db", "cat/desktop.ini", "classes.txt")
    hidden = (".git/x/1.png", "__MACOSX/cat/1.png", ".ipynb_checkpoints/1.png")
    others = ("cat/a.mp4", "cat/b.MP4", "dog/notes.txt", "dog/noending")
    listing = list_folder(make(tmp_path, "cat/1.png", "dog/1.png", *systems, *hidden, *others))
    assert found(listing) == {"": {"cat": ["cat/1.png"], "dog": ["dog/1.png"]}}
    assert listing.ignored_files == {".mp4": 2, ".txt": 1, "without suffix": 1}


def test_links_end_somewhere(tmp_path: Path) -> None:
    root = make(tmp_path / "root", "cat/1.png", "dog/1.png")
    elsewhere = make(tmp_path / "elsewhere", "1.png", "2.png")
    (root / "owl").symlink_to(elsewhere)
    (root / "cat" / "loop").symlink_to(root)
    (root / "cat" / "linked.png").symlink_to(elsewhere / "1.png")
    (root / "self").symlink_to(root)
    (root / "everything").symlink_to("/")
    (root / "nowhere").symlink_to(tmp_path / "absent")
    listing = list_folder(root)
    assert found(listing)[""] == {
        "cat": ["cat/1.png", "cat/linked.png"],
        "dog": ["dog/1.png"],
        "owl": ["owl/1.png", "owl/2.png"],
    }
    assert listing.ignored_files == {"links to folders": 1}


def test_names_of_any_bytes_are_shown_and_still_open(tmp_path: Path) -> None:
    for name in (b"cl\xff", b"new\nline", b"<img src=x onerror=alert(1)>", "\u202egnp".encode(), b"\x1b[31mred"):
        os.mkdir(os.path.join(os.fsencode(tmp_path), name))
        with open(os.path.join(os.fsencode(tmp_path), name, b"\xfe.png"), "wb"):
            pass
    listing = list_folder(tmp_path)
    assert len(listing.class_names()) == 5
    for name in listing.class_names():
        assert name.isprintable()
        name.encode("utf-8")
    assert all(os.path.exists(path) for paths in listing.splits[""].values() for path in paths)


def test_two_thousand_names_and_a_deep_tree_are_no_matter(tmp_path: Path) -> None:
    deep = tmp_path / "cat" / "/".join(["d"] * 200)
    deep.mkdir(parents=True)
    (deep / "1.png").touch()
    make(tmp_path, *(f"dog/{index}.png" for index in range(2000)))
    listing = list_folder(tmp_path)
    assert {name: len(paths) for name, paths in listing.splits[""].items()} == {"cat": 1, "dog": 2000}


def test_who_measures_images_without_labels_is_told_of_predict(tmp_path: Path) -> None:
    folder = make(tmp_path, "1.png", "2.png")
    with pytest.raises(DatasetError, match=r"or classify images without labels with convscope\.predict\."):
        list_folder(folder, all_as_test=True)
    with pytest.raises(DatasetError, match=r"such as photos/cat/1\.jpg, photos/dog/2\.jpg\.$"):
        list_folder(folder)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "holds no data"),
        (("a.txt",), r"holds no data"),
        (("1.png", "2.jpg"), "holds 2 image files but no class folders"),
        (("cat/", "dog/"), r"'cat' and 'dog'.*no image files"),
        (("cat/a.mp4", "dog/b.mp4"), r"only 2 \.mp4"),
        (("cat/1.png",), "only one class, 'cat'"),
        (("cat/1.png", "dog/"), "only one class, 'cat'"),
        (("pets/cat/1.png", "pets/dog/1.png"), r"Pass '.*pets' if"),
        (
            ("cat/train/1.png", "cat/test/1.png", "dog/train/1.png", "dog/test/1.png"),
            r"splits above the classes, such as test/cat",
        ),
        (("train/images/1.png", "train/labels/1.txt", "val/images/1.png"), "no class folders"),
        (("images/1.png", "masks/1.png"), "'images' and 'masks', which are no names of classes"),
        (("train/cat/1.png", "train/dog/1.png", "train/owl/", "test/owl/1.png"), "'owl', which train/ lacks"),
        (("train/cat/1.png", "train/dog/1.png", "birds/1.png"), "'birds', which is no split"),
        (("train/cat/1.png", "training/cat/1.png", "train/dog/1.png"), "train and training, two of them"),
        (("train/cat/", "train/dog/", "test/cat/1.png", "test/dog/1.png"), "training split of .* no image files"),
        (
            ("test/cat/1.png", "test/dog/1.png", "val/cat/1.png"),
            r"'test' and 'val', .* no train/",
        ),
        (("a/cat/1.png", "a/dog/1.png", "b/cat/1.png", "b/dog/1.png"), r"'a' and 'b' .* \('cat' and 'dog'\)"),
        (("a/x/1.png", "a/y/1.png", "b/x/1.png", "b/y/1.png", "b/z/1.png"), r"Rename splits"),
        (("train/cat/1.png", "train/dog/1.png", "test/dogs/1.png"), r"test/ .* 'dogs'.* 'dog'\?"),
        (("train/apple/1.png", "train/dog/1.png", "test/APPLE/1.png"), r"test/ .* 'APPLE'.* [Dd]id you mean 'apple'\?"),
        (("train/cat/1.png", "train/dog/1.png", "train/OWL/", "test/owl/1.png"), r"'owl', which train/ lacks\. Rename"),
    ],
)
def test_folders_laid_out_otherwise_say_what_was_expected(names: tuple[str, ...], words: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=words) as caught:
        list_folder(make(tmp_path, *names))
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_names_that_look_the_same_are_refused(tmp_path: Path) -> None:
    names = [unicodedata.normalize(form, "café") for form in ("NFC", "NFD")]
    make(tmp_path, *(f"{name}/1.png" for name in names))
    if len(os.listdir(tmp_path)) == 1:
        pytest.skip("this file system takes both for one")
    with pytest.raises(DatasetError, match="two folders.*café"):
        list_folder(tmp_path)


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
@pytest.mark.parametrize("name", ["Äpfel", "café", "한글", "è_é"])
def test_a_class_is_the_same_in_both_splits_however_its_letters_are_encoded(
    name: str, forms: tuple[str, str], tmp_path: Path
) -> None:
    train, test = (unicodedata.normalize(form, name) for form in forms)
    listing = list_folder(make(tmp_path, f"train/{train}/1.png", "train/zoo/1.png", f"test/{test}/2.png", "test/zoo/2.png"))
    assert listing.class_names() == tuple(sorted([unicodedata.normalize("NFC", name), "zoo"], key=natural_order))
    assert all(len(paths) == 1 and Path(paths[0]).exists() for each in listing.splits.values() for paths in each.values())


def test_over_a_thousand_classes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="1,001 class folders"):
        list_folder(make(tmp_path, *(f"{index}/1.png" for index in range(1001))))

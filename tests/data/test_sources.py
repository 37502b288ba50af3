"""Sources are told by what they hold."""

import gzip
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netwright.data.sources import Found, labelled_files, locate, sha256_of
from netwright.errors import DataError

CSV = "a,b\n1,2\n3,4\n5,6\n"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests of this file: large archives are unpacked once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cached(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETWRIGHT_CACHE", str(cache))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "My Data!"
    made.mkdir()
    return made


def put(folder: Path, *names: str, content: str = CSV) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".png", ".jpg"):
            Image.new("L", (2, 2)).save(path)
        elif path.suffix == ".txt":
            path.write_text("Some words here.\nAnd more of them.\n")
        else:
            path.write_text(content)


def parts(found: Found) -> dict[str, list[str]]:
    return {split: [path.name for path in files] for split, files in found.parts.items()}


REAL = {
    "images/cifar10_jpg_subset": ("image-folder", {"train": ["train"], "test": ["test"]}),
    "images/fashion_mnist": (
        "idx",
        {
            "train": ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"],
            "test": ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"],
        },
    ),
    "images/hymenoptera_160": ("image-folder", {"train": ["train"], "validation": ["val"]}),
    "images/omniglot/images_background_small1.zip": (
        "image-folder",
        {"all": ["images_background_small1"]},
    ),
    "images_segmentation/membrane_256": ("image-masks", {"all": ["image", "label"]}),
    "dirty/images": ("flat-images", {"all": ["images"]}),
    "tables/adult": ("table", {"train": ["adult_train.csv"], "test": ["adult_test.csv"]}),
    "tables/adult/adult.zip": ("table", {"train": ["adult_train.csv"], "test": ["adult_test.csv"]}),
    "tables/california_housing": ("table", {"all": ["housing.csv"]}),
    "tables/credit_default": ("table", {"all": ["UCI_Credit_Card.csv"]}),
    "tables/higgs_subset": ("table", {"train": ["binary.train"], "test": ["binary.test"]}),
    "tables/titanic": ("table", {"all": ["train.csv"]}),
    "tables/pima": ("table", {"all": ["pima-indians-diabetes.csv"]}),
    "text_classification/sst2": (
        "table",
        {"train": ["train.tsv"], "validation": ["dev.tsv"], "test": ["test.tsv"]},
    ),
    "text_classification/imdb_polarity2000": ("text-folder", {"all": ["txt_sentoken"]}),
    "time_series/beijing_pm25": ("table", {"all": ["pollution.csv"]}),
    "time_series/ucr_uea/GunPoint": (
        "ts",
        {"train": ["GunPoint_TRAIN.ts"], "test": ["GunPoint_TEST.ts"]},
    ),
    "token_tagging/wnut17": (
        "conll",
        {
            "train": ["wnut17train.conll"],
            "validation": ["emerging.dev.conll"],
            "test": ["emerging.test.annotated"],
        },
    ),
    "translation/multi30k_en_de": (
        "line-pair",
        {
            "train": ["train.de.gz", "train.en.gz"],
            "validation": ["val.de.gz", "val.en.gz"],
            "test": ["test_2016_flickr.de.gz", "test_2016_flickr.en.gz"],
        },
    ),
    "graphs/cora": ("graph", {"all": ["nodes.csv", "edges.csv"]}),
    "graphs/mutag": ("graph", {"all": ["MUTAG.txt"]}),
    "graphs/mutag/MUTAG.txt": ("graph", {"all": ["MUTAG.txt"]}),
    "language_modelling/tinyshakespeare/input.txt": ("corpus", {"all": ["input.txt"]}),
    "language_modelling/makemore_names": ("corpus", {"all": ["names.txt"]}),
    "language_modelling/wikitext2_valid_test": (
        "corpus",
        {"all": ["valid.txt"], "test": ["test.txt"]},
    ),
    "dirty/tables/CommViolPredUnnormalizedData.txt": (
        "table",
        {"all": ["CommViolPredUnnormalizedData.txt"]},
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_real_data_sets(name: str, shared_data: Path) -> None:
    found = locate(shared_data / name)
    assert (found.kind, parts(found)) == REAL[name]
    assert all(path.exists() for files in found.parts.values() for path in files)


REFUSED = {
    "tables/wine_quality": "2 tables: winequality-red.csv, winequality-white.csv",
    "images/omniglot": "3 archives",
    "images/omniglot/all_runs.zip": "folders of splits inside other folders",
    "time_series/ucr_uea": "6 ts files",
    "time_series/indoor_movement": "317 tables",
    "dirty/tables/messytables/simple.unknown": "is empty",
}


@pytest.mark.parametrize("name", REFUSED)
def test_real_folders_that_are_no_data_set(name: str, shared_data: Path) -> None:
    with pytest.raises(DataError, match=REFUSED[name]) as refusal:
        locate(shared_data / name)
    assert name.rpartition("/")[2] in str(refusal.value), "the error names what was given"


def test_surnames_are_lines_of_classes(shared_data: Path) -> None:
    found = locate(shared_data / "text_classification" / "surnames_18lang")
    assert found.kind == "text-lines"
    assert len(found.parts["all"]) == len(found.detail["classes"]) == 18


def test_omniglot_classes_are_the_deepest_folders(shared_data: Path) -> None:
    found = locate(shared_data / "images" / "omniglot" / "images_background_small1.zip")
    assert len(found.detail["classes"]) == 136
    assert found.detail["classes"][0] == "Balinese/character01"
    assert len(labelled_files(found, "all")) == 2720


def test_labelled_files_of_splits(shared_data: Path) -> None:
    found = locate(shared_data / "images" / "hymenoptera_160")
    labels = [label for _, label in labelled_files(found, "train")]
    assert (labels.count("ants"), labels.count("bees")) == (124, 121)


def test_builtin_name() -> None:
    found = locate("digits")
    assert (found.kind, found.name, found.paths) == ("builtin", "digits", ())


def test_a_path_wins_over_a_builtin_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, "iris/data.csv")
    monkeypatch.chdir(folder)
    assert locate("iris").kind == "table"


def test_gym() -> None:
    assert locate("gym:CartPole-v1").detail == {"env": "CartPole-v1"}


@pytest.mark.parametrize(
    ("given", "hint"),
    [("digit", "Did you mean 'digits'"), ("nowhere/x.csv", "The folder 'nowhere' is not there")],
)
def test_absent_source(given: str, hint: str) -> None:
    with pytest.raises(DataError, match=hint):
        locate(given)


def test_absent_file_has_a_neighbour(folder: Path) -> None:
    put(folder, "train.csv")
    with pytest.raises(DataError, match=r"Did you mean '.*train\.csv'"):
        locate(folder / "trian.csv")


def test_names_are_safe(folder: Path) -> None:
    put(folder, "Größe (1).tar.csv")
    assert locate(folder / "Größe (1).tar.csv").name == "gr-e-1"
    assert locate(folder).name == "my-data"


def test_content_before_suffix(folder: Path) -> None:
    (folder / "table.png").write_bytes(gzip.compress(CSV.encode()))
    assert locate(folder / "table.png").kind == "table"
    Image.new("L", (2, 2)).save(folder / "picture", "PNG")
    assert locate(folder / "picture").kind == "flat-images"


def test_test_file_becomes_a_part(folder: Path) -> None:
    put(folder, "mine.csv", "theirs.csv")
    found = locate(folder / "mine.csv", test=folder / "theirs.csv")
    assert parts(found) == {"all": ["mine.csv"], "test": ["theirs.csv"]}
    assert [path.name for path in found.paths] == ["mine.csv", "theirs.csv"]


def test_test_file_of_another_kind_is_refused(folder: Path) -> None:
    put(folder, "mine.csv", "theirs.txt")
    with pytest.raises(DataError, match="holds table and the test data"):
        locate(folder / "mine.csv", test=folder / "theirs.txt")


def test_hidden_files_are_counted(folder: Path) -> None:
    put(folder, "data.csv", ".DS_Store", "__MACOSX/._data.csv", "README.md", "LICENSE")
    found = locate(folder)
    assert (found.kind, found.detail["ignored"]) == ("table", 2)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no names of raw bytes")
def test_names_that_are_not_utf8_are_counted(folder: Path) -> None:
    put(folder, "data.csv")
    with open(os.fsencode(folder) + b"/\xe9.csv", "wb") as file:
        file.write(CSV.encode())
    assert locate(folder).detail["ignored"] == 1


CLASS_FOLDERS = {
    "plain": ["cat/1.png", "cat/2.png", "dog/1.png"],
    "splits": ["train/cat/1.png", "train/dog/2.png", "val/cat/1.png", "val/dog/1.png"],
    "nested": ["top/inner/cat/1.png", "top/inner/dog/1.png"],
}


@pytest.mark.parametrize("name", CLASS_FOLDERS)
def test_image_folders(folder: Path, name: str) -> None:
    put(folder, *CLASS_FOLDERS[name])
    found = locate(folder)
    assert (found.kind, found.detail["classes"]) == ("image-folder", ["cat", "dog"])
    assert found.parts.keys() == ({"train", "validation"} if name == "splits" else {"all"})


def test_text_folders(folder: Path) -> None:
    put(
        folder, "train/pos/1.txt", "train/neg/1.txt", "test/pos/1.txt", "test/neg/2.txt", "about.md"
    )
    found = locate(folder)
    assert (found.kind, list(found.parts)) == ("text-folder", ["train", "test"])
    assert [label for _, label in labelled_files(found, "test")] == ["neg", "pos"]


def test_images_without_classes_are_flat(folder: Path) -> None:
    put(folder, "1.png", "2.png")
    found = locate(folder)
    assert (found.kind, found.detail["files"]) == ("flat-images", 2)


def test_one_class_in_a_split_is_refused(folder: Path) -> None:
    put(folder, "train/cat/1.png", "test/cat/1.png")
    with pytest.raises(DataError, match="has 1 class folder of images"):
        locate(folder)


def test_links_in_circles_end(folder: Path) -> None:
    put(folder, "cat/1.png", "dog/1.png")
    (folder / "cat" / "again").symlink_to(folder, target_is_directory=True)
    assert locate(folder).kind == "image-folder"


def test_npz(folder: Path) -> None:
    np.savez(folder / "data.npz", x=np.zeros((3, 2)), y=np.zeros(3))
    assert locate(folder / "data.npz").kind == locate(folder).kind == "npz"


def test_tables_in_pieces(folder: Path) -> None:
    put(folder, "part-0.csv", "part-1.csv", "part-10.csv")
    found = locate(folder)
    assert (len(found.parts["all"]), found.detail["pieces"]) == (3, 3)


def test_tables_with_other_columns_are_no_pieces(folder: Path) -> None:
    put(folder, "part-0.csv")
    put(folder, "part-1.csv", content="c,d\n1,2\n")
    with pytest.raises(DataError, match=r"2 tables: part-0\.csv, part-1\.csv"):
        locate(folder)


def test_table_that_is_no_split_is_left_out_and_told(folder: Path) -> None:
    put(folder, "train.csv", "test.csv", "sample_submission.csv")
    found = locate(folder)
    assert list(found.parts) == ["train", "test"]
    assert found.detail["not_read"] == ("sample_submission.csv",)


def test_archives_named_as_splits(folder: Path) -> None:
    for split in ("train", "test"):
        with zipfile.ZipFile(folder / f"{split}.zip", "w") as archive:
            archive.writestr("data.csv", CSV)
    found = locate(folder)
    assert (found.kind, list(found.parts)) == ("table", ["train", "test"])
    assert [path.name for path in found.paths] == ["test.zip", "train.zip"]


@pytest.mark.parametrize("name", ["README.md", ".hidden"])
def test_folder_without_data_is_refused(folder: Path, name: str) -> None:
    put(folder, name)
    with pytest.raises(DataError, match=r"My Data!"):
        locate(folder)


def test_sha256_follows_content_and_names(folder: Path) -> None:
    put(folder, "a/1.txt", "b/1.txt")
    before = sha256_of([folder, folder / "a" / "1.txt"])
    put(folder, ".DS_Store")
    assert sha256_of([folder, folder / "a" / "1.txt"]) == before
    (folder / "a" / "1.txt").rename(folder / "a" / "2.txt")
    assert sha256_of([folder]) != before[:1]
    assert sha256_of([folder / "a" / "2.txt"]) == before[1:]


def test_table_alone_in_a_folder_of_an_archive(folder: Path) -> None:
    with zipfile.ZipFile(folder / "data.zip", "w") as archive:
        archive.writestr("dataset/measured.txt", "a\tb\n1\t2\n3\t4\n5\t6\n")
        archive.writestr("dataset/readme.txt", "About it.")
    assert locate(folder).kind == "table"


def test_texts_without_a_suffix_are_samples(folder: Path) -> None:
    for group in ("space", "autos"):
        for number in (51060, 51061):
            put(folder, f"20news/{group}/{number}", content="From: me\n\nWords, words.\n")
    assert locate(folder).detail["classes"] == ["autos", "space"]

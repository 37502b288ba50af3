"""Pictures as Data: size and mode chosen, unreadable files named, splits kept, streams equal to
memory.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from netwright.data.data import Data, Rows, Source
from netwright.data.image_encoding import ImageEncoding
from netwright.data.image_stream import ImageStream
from netwright.data.images import image_data, read_images
from netwright.data.ledger import Ledger
from netwright.data.options import ReadOptions
from netwright.data.read import read
from netwright.data.sources import locate
from netwright.errors import DataError, UsageError

SOURCE = Source("toy")


def build(raw: object, labels: list[str], **more: object) -> Data:
    return image_data(
        raw, labels, source=SOURCE, options=ReadOptions(), ledger=Ledger(), **more  # type: ignore[arg-type]
    )  # fmt: skip


def said(data: Data) -> str:
    return "\n".join(str(entry) for entry in data.ledger)


def folder_of_classes(root: Path, count: int = 20, size: tuple[int, int] = (12, 10)) -> Path:
    rng = np.random.default_rng(0)
    for label, base in (("dark", 40), ("light", 200)):
        (root / label).mkdir(parents=True)
        for at in range(count):
            pixels = np.clip(rng.normal(base, 10, (*size, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / label / f"{at:03}.png")
    return root


def test_digits() -> None:
    data = read_images(locate("digits"), ReadOptions(), Ledger())
    assert data.encoding.shapes() == {"in_channels": 1, "height": 8, "width": 8}
    assert data.task.classes == tuple("0123456789")
    assert sum(len(s) for s in data.splits().values()) == 1797
    (x,), y = next(iter(data.train.batches(32)))
    assert x.dtype == torch.uint8 and y.dtype == torch.int64
    (ready,) = data.encoding.prepare((data.train.inputs[0],))  # type: ignore[attr-defined]
    assert abs(float(ready.mean())) < 1e-3 and abs(float(ready.std()) - 1) < 1e-3


def test_class_folders(tmp_path: Path) -> None:
    found = locate(folder_of_classes(tmp_path / "set"))
    data = read_images(found, ReadOptions(), Ledger())
    assert data.task.form == "binary"
    assert data.task.classes == ("dark", "light")
    assert data.class_counts == (13, 13) or sum(data.class_counts) == len(data.train)
    assert isinstance(data.train, Rows)
    bright = data.train.inputs[0].float().mean((1, 2, 3)) > 120
    assert torch.equal(bright.long(), data.train.targets)
    assert data.train.raw[0].suffix == ".png"


def test_a_class_folder_without_a_picture_is_told(tmp_path: Path) -> None:
    root = folder_of_classes(tmp_path / "set")
    (root / "grey" / "old").mkdir(parents=True)
    assert "warned set: folders without a sample: grey (1)" in said(read(root))
    assert "without a sample" not in said(read(folder_of_classes(tmp_path / "full")))


def test_given_splits_are_kept(tmp_path: Path) -> None:
    for name, count in (("train", 10), ("test", 3)):
        folder_of_classes(tmp_path / name, count)
    data = read_images(locate(tmp_path), ReadOptions(), Ledger())
    assert len(data.test) == 6
    assert len(data.train) + len(data.validation) == 20
    assert {p.parts[-3] for p in data.test.raw} == {"test"}  # type: ignore[attr-defined]
    assert "split test: given by the source (6)" in said(data)
    assert "split validation: held out" in said(data)
    assert "task: image-classification, 2 classes: dark, light" in said(data)


def test_files_that_are_no_pictures_are_told(tmp_path: Path) -> None:
    folder = folder_of_classes(tmp_path / "set")
    (folder / "dark" / "notes.txt").write_text("taken in winter")
    Image.new("RGB", (12, 10)).save(folder / "loose.png")
    told = "\n".join(str(entry) for entry in read(folder).ledger)
    assert "left out: notes.txt, loose.png (2)" in told or "loose.png, notes.txt (2)" in told


def test_mixed_sizes_get_one_size_and_it_is_said() -> None:
    rng = np.random.default_rng(0)
    raw = [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in [(30, 40), (40, 30)] * 10]
    data = build(raw, ["a", "b"] * 10)
    assert data.encoding.shapes() == {"in_channels": 3, "height": 35, "width": 35}
    assert "30 x 40 to 40 x 30" in said(data)


def test_large_pictures_are_made_smaller() -> None:
    raw = np.zeros((20, 300, 200), dtype=np.uint8)
    raw[::2] = 255
    data = build(raw, ["a", "b"] * 10)
    assert data.encoding.shapes() == {"in_channels": 1, "height": 128, "width": 85}
    assert "300 x 200" in said(data)


def test_one_colour_picture_makes_all_rgb() -> None:
    raw = [np.full((8, 8), at, dtype=np.uint8) for at in range(19)]
    raw.append(np.full((8, 8, 3), [9, 0, 200], dtype=np.uint8))
    data = build(raw, ["a", "b"] * 10)
    assert data.encoding.shapes()["in_channels"] == 3
    assert "grey ones among colour ones, read as RGB (19)" in said(data)


def test_grey_saved_as_rgb_needs_one_channel() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), dtype=np.uint8)
    data = build(np.repeat(grey, 3, axis=3), ["a", "b"] * 10)
    assert data.encoding.shapes()["in_channels"] == 1
    assert "one channel kept" in said(data)


def test_sixteen_bit_sets_are_scaled_by_their_own_white(tmp_path: Path) -> None:
    files = []
    for at in range(20):
        files.append(tmp_path / f"{at}.png")
        Image.fromarray(np.full((8, 8), 200 * at, dtype=np.uint16)).save(files[-1])
    data = build(files, ["a", "b"] * 10)
    assert isinstance(data.encoding, ImageEncoding)
    assert data.encoding.white == 4095
    whole = torch.cat([s.inputs[0] for s in (data.train, data.validation, data.test)])  # type: ignore[attr-defined]
    assert len(torch.unique(whole)) == 20


def test_unreadable_files_are_left_out_by_name(tmp_path: Path) -> None:
    root = folder_of_classes(tmp_path / "set")
    whole = (root / "dark" / "000.png").read_bytes()
    (root / "dark" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (root / "light" / "words.png").write_text("not a picture")
    (root / "light" / "empty.png").write_bytes(b"")
    files = sorted(root.rglob("*.png"))
    data = build(files, [file.parent.name for file in files])
    assert sum(len(s) for s in data.splits().values()) == 40
    text = said(data)
    for name in ("dark/cut.png", "light/words.png", "light/empty.png"):
        assert name in text
    assert "left out (3)" in text


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    file.write_bytes(b"nope")
    with pytest.raises(DataError, match=r"None of the 4 pictures.*x\.png"):
        build([file] * 4, ["a", "b"] * 2)


def test_one_class_is_an_error() -> None:
    with pytest.raises(DataError, match="at least two classes"):
        build(np.zeros((10, 8, 8), dtype=np.uint8), ["a"] * 10)


def test_copies_across_splits_are_told() -> None:
    rng = np.random.default_rng(0)
    raw = rng.integers(0, 256, (30, 8, 8), dtype=np.uint8)
    raw[25:] = raw[:5]
    given = {"train": np.arange(25), "test": np.arange(25, 30)}
    data = build(raw, ["a", "b"] * 15, given=given)
    assert "also among the training ones" in said(data)


def test_a_new_class_in_the_test_is_left_out_and_told() -> None:
    raw = np.random.default_rng(0).integers(0, 256, (24, 8, 8), dtype=np.uint8)
    given = {"train": np.arange(20), "test": np.arange(20, 24)}
    data = build(raw, [*["a", "b"] * 10, "a", "b", "a", "new"], given=given)
    assert len(data.test) == 3
    assert "new" in said(data)


def test_statistics_are_those_of_the_training_rows() -> None:
    raw = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
    given = {
        "train": np.arange(20),
        "validation": np.arange(20, 25),
        "test": np.arange(25, 30),
    }
    encoding = build(raw, ["a", "b"] * 15, given=given).encoding
    assert isinstance(encoding, ImageEncoding)
    assert encoding.mean[0] == pytest.approx(raw[:20].mean(), abs=1e-3)
    assert encoding.std[0] == pytest.approx(raw[:20].std(), abs=1e-3)


def test_a_stream_gives_what_memory_gives(tmp_path: Path) -> None:
    files = sorted(folder_of_classes(tmp_path / "set").rglob("*.png"))
    labels = [file.parent.name for file in files]
    kept, streamed = build(files, labels), build(files, labels, budget=1000)
    assert isinstance(streamed.train, ImageStream)
    assert streamed.encoding == kept.encoding
    assert "decoded batch by batch" in said(streamed)
    for name in ("train", "validation", "test"):
        one, two = kept.splits()[name], streamed.splits()[name]
        assert len(one) == len(two)
        for start in (0, 1):
            rngs = [torch.Generator().manual_seed(4) for _ in range(2)]
            pairs = zip(
                one.batches(5, rng=rngs[0], start=start),
                two.batches(5, rng=rngs[1], start=start),
                strict=True,
            )
            for first, second in pairs:
                assert torch.equal(first.inputs[0], second.inputs[0])
                assert torch.equal(first.targets, second.targets)


def test_a_stream_can_be_left_in_the_middle(tmp_path: Path) -> None:
    files = sorted(folder_of_classes(tmp_path / "set").rglob("*.png"))
    data = build(files, [file.parent.name for file in files], budget=1000)
    batches = data.train.batches(4, rng=torch.Generator().manual_seed(0))
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert len(list(data.train.batches(4))) == -(-len(data.train) // 4)


def test_a_file_that_breaks_later_is_left_out_in_training_and_named_elsewhere(
    tmp_path: Path,
) -> None:
    files = sorted(folder_of_classes(tmp_path / "set").rglob("*.png"))
    data = build(files, [file.parent.name for file in files], budget=1000)
    assert isinstance(data.train, ImageStream)
    data.train.raw[3].write_bytes(b"gone")
    shuffled = data.train.batches(4, rng=torch.Generator().manual_seed(0))
    assert sum(len(b.targets) for b in shuffled) == len(data.train) - 1
    with pytest.raises(DataError, match=data.train.raw[3].name):
        list(data.train.batches(4))


def test_idx_pairs_that_do_not_fit(tmp_path: Path) -> None:
    def idx(values: np.ndarray) -> bytes:
        sizes = b"".join(int(n).to_bytes(4, "big") for n in values.shape)
        return bytes([0, 0, 8, values.ndim]) + sizes + values.astype("u1").tobytes()

    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((6, 4, 4))))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(5)))
    with pytest.raises(DataError, match=r"6 pictures.*5 labels"):
        read_images(locate(tmp_path), ReadOptions(), Ledger())


def test_fashion_mnist(shared_data: Path) -> None:
    found = locate(shared_data / "images" / "fashion_mnist")
    data = read_images(found, ReadOptions(), Ledger())
    assert [len(s) for s in data.splits().values()] == [54_000, 6_000, 10_000]
    encoding = data.encoding
    assert isinstance(encoding, ImageEncoding)
    assert encoding.mean[0] / 255 == pytest.approx(0.286, abs=2e-3)
    assert encoding.std[0] / 255 == pytest.approx(0.353, abs=2e-3)


def test_broken_files_of_one_name_in_two_folders(tmp_path: Path) -> None:
    for part in ("train", "test"):
        root = folder_of_classes(tmp_path / part, 6)
        (root / "dark" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnope")
    data = read_images(locate(tmp_path), ReadOptions(), Ledger())
    assert sum(len(s) for s in data.splits().values()) == 24
    assert "left out (2)" in said(data)


def test_unchecked_streams_still_check_what_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netwright.data.images.CHECKED", 0)
    files = sorted(folder_of_classes(tmp_path / "set").rglob("*.png"))
    labels = [file.parent.name for file in files]
    given = {"train": np.arange(2, 38), "test": np.array([0, 1, 38, 39])}
    whole = files[1].read_bytes()
    files[1].write_bytes(whole[: len(whole) // 2])
    data = build(files, labels, given=given, budget=1000)
    assert len(data.test) == 3
    assert len(list(data.test.batches(2))) == 2
    assert "dark/001.png" in said(data)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"target": "label"}, "--target 'label' names a column"),
        ({"group": "patient"}, "--group"),
        ({"horizon": 3}, "--horizon 3 asks for a forecast"),
        ({"task": "regression"}, "--task regression does not fit"),
    ],
)
def test_options_that_folders_cannot_follow(
    tmp_path: Path, options: dict[str, object], word: str
) -> None:
    found = locate(folder_of_classes(tmp_path / "set", 4))
    with pytest.raises(UsageError, match=word):
        read_images(found, ReadOptions(**options), Ledger())  # type: ignore[arg-type]

"""Pictures and masks as Data: values become classes, frames, splits; what is wrong is named."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mask_folders import disc_folder, disc_pair
from netwright.data.data import Data
from netwright.data.encodings import load_encoding
from netwright.data.ledger import Ledger
from netwright.data.mask_encoding import NOT_ASKED, MaskEncoding
from netwright.data.masks import labelled_masks
from netwright.data.read import read
from netwright.data.sources import locate
from netwright.errors import DataError, UsageError


def said(data: Data) -> str:
    return "\n".join(str(entry) for entry in data.ledger)


def encoding_of(data: Data) -> MaskEncoding:
    assert isinstance(data.encoding, MaskEncoding)
    return data.encoding


def test_a_folder_of_pairs(tmp_path: Path) -> None:
    data = read(disc_folder(tmp_path / "discs"))
    assert (data.task.form, data.task.classes, data.task.outputs) == (
        "segmentation", ("0", "255"), 2,
    )  # fmt: skip
    assert [len(split) for split in data.splits().values()] == [8, 2, 2]
    (pixels,), masks = data.train.inputs, data.train.targets  # type: ignore[attr-defined]
    assert pixels.shape == (8, 1, 24, 20) and masks.shape == (8, 24, 20)
    dark = pixels[:, 0].float() < 125
    assert (dark == (masks == 1)).float().mean() > 0.95  # picture and mask belong together
    assert sum(data.class_counts) == masks.numel()
    again = load_encoding(data.encoding.to_dict(), {})
    assert again == data.encoding


def test_splits_above_are_kept(tmp_path: Path) -> None:
    for name, count in (("train", 6), ("val", 2), ("test", 3)):
        disc_folder(tmp_path / name, count)
    data = read(tmp_path)
    assert [len(split) for split in data.splits().values()] == [6, 2, 3]
    assert "split test: given by the source (3)" in said(data)


def test_pictures_of_different_sizes_share_a_frame_and_are_cut_back(tmp_path: Path) -> None:
    data = read(disc_folder(tmp_path / "discs", sizes=((24, 20), (17, 31), (9, 9))))
    encoding = encoding_of(data)
    assert encoding.shapes() == {"in_channels": 1, "height": 24, "width": 31}
    assert "9 x 9 to 24 x 20" in said(data)
    masks = data.train.targets  # type: ignore[attr-defined]
    asked = (masks != NOT_ASKED).sum((1, 2)).tolist()
    assert set(asked) == {24 * 20, 17 * 31, 81}
    ids = encoding.encode_mask(np.full((17, 31), 255, np.int32)).numpy()
    assert (ids[:17, :31] == 1).all() and (ids[17:] == NOT_ASKED).all()
    assert encoding.decode_ids(ids, 17, 31).shape == (17, 31)
    larger = encoding.decode_ids(ids, 34, 62)  # larger than any of training: scaled to the frame
    assert larger.shape == (34, 62) and (larger == 1).all()


def test_large_pictures_are_scaled_by_one_factor(tmp_path: Path) -> None:
    data = read(disc_folder(tmp_path / "discs", 8, sizes=((40, 1024), (32, 512))))
    assert encoding_of(data).factor == 0.5
    assert encoding_of(data).framing.place(32, 512) == (16, 256)
    assert "scaled by 0.5" in said(data)


def test_values_of_any_kind_are_classes(tmp_path: Path) -> None:
    palette = disc_folder(tmp_path / "palette", values=(3, 7))
    coloured = disc_folder(tmp_path / "coloured", values=(3, 7))
    for file in (palette / "label").iterdir():
        mask = Image.open(file)
        mask.putpalette([k for k in range(256) for _ in range(3)])
        mask.save(file)
    for file in (coloured / "label").iterdir():
        inside = np.asarray(Image.open(file)) == 7
        colours = np.where(inside[..., None], (255, 0, 16), (0, 128, 0)).astype(np.uint8)
        Image.fromarray(colours).save(file)
    assert read(palette).task.classes == ("3", "7")
    data = read(coloured)
    assert data.task.classes == ("#008000", "#ff0010")
    drawn = encoding_of(data).picture(np.array([[0, 1]], np.int16))
    assert np.asarray(drawn).tolist() == [[[0, 128, 0], [255, 0, 16]]]
    drawn = encoding_of(read(palette)).picture(np.array([[0, 1]], np.int16))
    assert drawn.mode == "P" and np.asarray(drawn).tolist() == [[3, 7]]


def test_255_after_counted_classes_is_void(tmp_path: Path) -> None:
    root = disc_folder(tmp_path / "discs", values=(0, 1))
    for file in (root / "label").iterdir():
        mask = np.array(Image.open(file))
        mask[0] = 255
        Image.fromarray(mask).save(file)
    data = read(root)
    assert data.task.classes == ("0", "1")
    assert (data.train.targets[:, 0] == NOT_ASKED).all()  # type: ignore[attr-defined]
    assert "255 is void" in said(data)


def test_pictures_without_a_mask_are_left_out_by_name(tmp_path: Path) -> None:
    root = disc_folder(tmp_path / "discs", 10)
    (root / "label" / "03.png").unlink()
    (root / "image" / "05.png").unlink()
    data = read(root)
    assert sum(len(split) for split in data.splits().values()) == 8
    assert "dropped image: pictures without a mask left out: 03.png (1)" in said(data)
    assert "dropped label: masks without a picture left out: 05.png (1)" in said(data)


def test_names_with_an_ending_fit(tmp_path: Path) -> None:
    root = disc_folder(tmp_path / "discs")
    for file in list((root / "label").iterdir()):
        file.rename(file.with_name(f"{file.stem}_mask.png"))
    assert len(read(root).train) == 8


def test_no_names_that_fit_are_refused(tmp_path: Path) -> None:
    root = disc_folder(tmp_path / "discs")
    for file in list((root / "label").iterdir()):
        file.rename(file.with_name(f"x{file.name}"))
    with pytest.raises(DataError, match=r"No picture in image/ \(00, 01.*has a mask"):
        read(root)


def test_a_mask_of_another_size_is_refused_by_name(tmp_path: Path) -> None:
    root = disc_folder(tmp_path / "discs")
    disc_pair(np.random.default_rng(1), (12, 20))[1].save(root / "label" / "04.png")
    with pytest.raises(DataError, match=r"04.png has 24 x 20 pixels .*its mask 12 x 20"):
        read(root)


def test_masks_of_one_class_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="hold 9 alone"):
        read(disc_folder(tmp_path / "discs", values=(9, 9)))


def test_blurred_masks_are_refused(tmp_path: Path) -> None:
    root = disc_folder(tmp_path / "discs")
    for file in list((root / "label").iterdir()):
        Image.open(file).save(file.with_suffix(".jpg"), quality=60)
        file.unlink()
    with pytest.raises(DataError, match=r"different values.*which JPEG does not keep"):
        read(root)


def test_broken_files_are_named(tmp_path: Path) -> None:
    root = disc_folder(tmp_path / "discs")
    (root / "image" / "02.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    data = read(root)
    assert "dropped image/02.png: it or its mask" in said(data)
    whole = (root / "label" / "01.png").read_bytes()
    (root / "label" / "01.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"The mask 01\.png cannot be read"):
        read(root)


def test_another_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="use --task segmentation"):
        read(disc_folder(tmp_path / "discs"), task="classification")


def test_another_folder_is_read_to_score_a_model(tmp_path: Path) -> None:
    encoding = encoding_of(read(disc_folder(tmp_path / "discs")))
    other = disc_folder(tmp_path / "other", 3, values=(0, 128))
    ledger = Ledger()
    rows = labelled_masks(locate(other), encoding, ledger)
    assert len(rows) == 3
    assert set(torch.unique(rows.targets).tolist()) == {NOT_ASKED, 0}
    assert any("training does not have are not judged: 128" in entry.what for entry in ledger)

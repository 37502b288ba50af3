"""Pictures and boxes as Data, from COCO's JSON, a table or YOLO's texts; what is wrong is named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from box_folders import coco, scenes
from netwright.data.box_encoding import NO_BOX, BoxEncoding, pad_boxes
from netwright.data.data import Data, Rows
from netwright.data.encodings import load_encoding
from netwright.data.framing import GREY
from netwright.data.ledger import Ledger
from netwright.data.read import read
from netwright.data.read_rows import read_labelled, read_rows
from netwright.data.sources import locate
from netwright.errors import DataError, UsageError


def said(data: Data) -> str:
    return "\n".join(str(entry) for entry in data.ledger)


def everything(data: Data) -> dict[str, list[list[float]]]:
    """The boxes of every picture by its file's name: class and corners."""
    found = {}
    for split in data.splits().values():
        assert isinstance(split, Rows)
        for file, boxes in zip(split.raw, split.targets, strict=True):
            found[Path(file).name] = boxes[boxes[:, 0] >= 0].tolist()
    return found


def rewritten(root: Path, **more: Any) -> Path:
    """Change parts of annotations.json."""
    path = root / "annotations.json"
    value = json.loads(path.read_text())
    for name, change in more.items():
        value[name] = change(value[name])
    path.write_text(json.dumps(value))
    return root


def plain(root: Path, count: int = 10, size: tuple[int, int] = (20, 30)) -> list[str]:
    """Pictures without anything that says what is in them."""
    root.mkdir(parents=True, exist_ok=True)
    names = [f"{at}.png" for at in range(count)]
    for name in names:
        Image.new("L", (size[1], size[0]), 99).save(root / name)
    return names


def test_a_folder_with_annotations(tmp_path: Path) -> None:
    data = read(scenes(tmp_path / "scenes", 30))
    assert data.task.form == data.task.name == "detection"
    assert data.task.classes == ("bar", "square") and data.task.outputs == 2
    assert sum(len(split) for split in data.splits().values()) == 30
    train = data.train
    assert isinstance(train, Rows) and train.inputs[0].shape[1:] == (1, 32, 40)
    assert train.targets.shape[1:] == (2, 5)
    pixels, boxes = train.inputs[0], train.targets
    for picture, rows in zip(pixels, boxes, strict=True):  # squares are bright, bars are dark
        for kind, left, top, right, bottom in rows[rows[:, 0] >= 0].int().tolist():
            inside = picture[0, top:bottom, left:right].float()
            assert (inside.mean() > 200) == (kind == 1)
    assert sum(data.class_counts) == int((boxes[:, :, 0] >= 0).sum())
    assert "pictures that hold nothing" in said(data)
    again = load_encoding(data.encoding.to_dict(), {})
    assert again == data.encoding
    assert locate(tmp_path / "scenes" / "annotations.json").kind == "image-boxes"


def test_a_table_and_yolo_texts_say_the_same_as_coco(tmp_path: Path) -> None:
    for name in ("coco", "yolo/images", "table/pictures"):
        plain(tmp_path / name)
    two = [("square", (3.0, 4.0, 12.0, 10.0)), ("bar", (15.0, 5.0, 30.0, 20.0))]
    marked: list[list[Any]] = [two, [], *[[("square", (1.0, 2.0, 7.0, 8.0))]] * 8]
    names = [f"{at}.png" for at in range(10)]
    (tmp_path / "coco" / "annotations.json").write_text(json.dumps(coco(names, marked)))
    lines = ["filename,xmin,ymin,xmax,ymax,class"]
    labels = tmp_path / "yolo" / "labels"
    labels.mkdir()
    (tmp_path / "yolo" / "classes.txt").write_text("square\nbar\n")
    for name, boxes in zip(names, marked, strict=True):
        lines += [f"{name},{','.join(map(str, box))},{kind}" for kind, box in boxes]
        lines += [] if boxes else [f"{name},,,,,"]
        shares = [
            f"{('square', 'bar').index(kind)} {(a + c) / 60} {(b + d) / 40} {(c - a) / 30} "
            f"{(d - b) / 20}"
            for kind, (a, b, c, d) in boxes
        ]
        if shares:
            (labels / f"{name[:-4]}.txt").write_text("\n".join(shares) + "\n")
    (tmp_path / "table" / "boxes.csv").write_text("\n".join(lines) + "\n")
    found = [everything(read(tmp_path / name)) for name in ("coco", "table", "yolo")]
    assert found[0]["0.png"] == [[1, 3, 4, 12, 10], [0, 15, 5, 30, 20]]
    assert found[0]["1.png"] == [] and len(found[0]) == 10
    assert found[1] == found[0]
    (labels / "old.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    assert "labels: texts without a picture: old.txt (1)" in said(read(tmp_path / "yolo"))
    for name, boxes in found[2].items():
        np.testing.assert_allclose(boxes, found[0][name], atol=1e-4)


def test_classes_that_are_numbers_stay_whole(tmp_path: Path) -> None:
    names = plain(tmp_path, 8)
    rows = [f"{name},1,2,9,8,{at % 2}" for at, name in enumerate(names)]
    rows.append(f"{names[0]},,,,,")  # an empty cell makes floats of a column of whole numbers
    (tmp_path / "boxes.csv").write_text("\n".join(["image,x1,y1,x2,y2,label", *rows]) + "\n")
    assert set(read(tmp_path).task.classes) <= {"0", "1"}


def test_splits_of_files_and_folders_are_kept(tmp_path: Path) -> None:
    for at, (name, count) in enumerate((("train", 12), ("valid", 8), ("test", 9))):
        scenes(tmp_path / "each" / name, count, seed=at)
        marks = tmp_path / "each" / name / "annotations.json"
        marks.rename(marks.with_name("_annotations.coco.json"))
        scenes(tmp_path / "beside" / "images" / name, count, seed=at)
        (tmp_path / "beside" / "annotations").mkdir(exist_ok=True)
        marks = tmp_path / "beside" / "images" / name / "annotations.json"
        marks.rename(tmp_path / "beside" / "annotations" / f"instances_{name}.json")
    for folder in ("each", "beside"):
        data = read(tmp_path / folder)
        assert [len(split) for split in data.splits().values()] == [12, 8, 9]
        for name, split in (("train", data.train), ("test", data.test)):
            assert isinstance(split, Rows)
            assert {Path(file).parent.name for file in split.raw} == {name}


def test_boxes_are_cut_off_and_those_without_area_left_out(tmp_path: Path) -> None:
    names = plain(tmp_path, 8)
    good = ("bar", (2.0, 2.0, 9.0, 9.0))
    marked: list[list[Any]] = [
        [("bar", (-5.0, 3.0, 40.0, 25.0)), ("bar", (-0.2, 0.0, 5.0, 5.0))],
        [good, ("bar", (40.0, 3.0, 50.0, 9.0)), ("bar", (3.0, 3.0, 3.0, 9.0))],
        *[[good]] * 6,
    ]
    value = coco(names, marked)
    value["annotations"][-1]["iscrowd"] = 1
    (tmp_path / "annotations.json").write_text(json.dumps(value))
    data = read(tmp_path)
    found = everything(data)
    assert found["0.png"][0] == [0, 0, 3, 30, 20] and found["1.png"] == [[0, 2, 2, 9, 9]]
    assert found["7.png"] == []
    words = said(data)
    assert "boxes cut off at the border of their picture (1)" in words
    assert "boxes without area in their picture left out (2)" in words
    assert "(iscrowd) left out (1)" in words


def test_pictures_of_different_sizes_share_a_frame(tmp_path: Path) -> None:
    plain(tmp_path, 4, size=(40, 1024))
    names = plain(tmp_path, 8, size=(20, 30))
    Image.new("L", (1024, 40), 0).save(tmp_path / "0.png")
    box = [("bar", (10.0, 4.0, 20.0, 12.0))]
    marks = coco(names, [box] * 8)
    (tmp_path / "annotations.json").write_text(json.dumps(marks))
    split = tmp_path / "split.txt"
    split.write_text("\n".join(["train"] * 5 + ["validation"] + ["test"] * 2))
    data = read(tmp_path, split=str(split))
    encoding = data.encoding
    assert isinstance(encoding, BoxEncoding) and encoding.framing.factor == 0.5
    assert everything(data)["0.png"] == [[0, 5, 2, 10, 6]]
    assert everything(data)["1.png"] == [[0, 5, 2, 10, 6]]
    assert isinstance(data.train, Rows)
    assert (data.train.inputs[0][1, 0, 10:] == GREY).all()
    back = encoding.decode_boxes(np.array([[5.0, 2.0, 700.0, 6.0]]), 20, 30)
    assert back.tolist() == [[10, 4, 30, 12]]
    assert "what is left of it is grey" in said(data)


def test_padding_holds_pictures_of_unequal_counts() -> None:
    two = (np.array([1, 0]), np.arange(8.0).reshape(2, 4))
    none = (np.zeros(0, dtype=np.int64), np.zeros((0, 4)))
    targets = pad_boxes([two, none])
    assert targets.shape == (2, 2, 5) and targets[0, 1].tolist() == [0, 4, 5, 6, 7]
    assert (targets[1, :, 0] == NO_BOX).all()
    assert pad_boxes([none]).shape == (1, 1, 5)


def test_rows_to_predict_and_to_score(tmp_path: Path) -> None:
    data = read(scenes(tmp_path / "scenes", 30))
    other = scenes(tmp_path / "other", 12, seed=5)
    rewritten(other, categories=lambda all: [{**one, "name": one["name"] * (at + 1)}
                                             for at, one in enumerate(all)])  # fmt: skip
    ledger = Ledger()
    rows = read_labelled(other, data.encoding, data.task, ledger)
    assert len(rows) == 12 and "classes that training does not have, left out: barbar" in "".join(
        map(str, ledger)
    )
    assert len(read_rows(other, data.encoding, Ledger())) == 12
    assert len(read_rows(other / "000.png", data.encoding, Ledger())) == 1
    with pytest.raises(DataError, match=r"no box of a class that the model knows \(bar, square\)"):
        strange = rewritten(other, categories=lambda all: [{**one, "name": "?"} for one in all])
        read_labelled(strange, data.encoding, data.task, Ledger())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"annotations": lambda all: [{**all[0], "bbox": [1, 2, 3]}]}, "annotation 1 has the bbox"),
        ({"annotations": lambda all: [{**all[0], "image_id": 99}]}, "of the image 99, which the"),
        ({"annotations": lambda all: [{"image_id": 7}]}, "has no 'category_id'; expected"),
        ({"images": lambda all: [{**one, "file_name": "x.png"} for one in all]}, "None of the pic"),
        ({"images": lambda all: [{**one, "height": 9, "width": 9} for one in all]}, "9 x 9 pixels"),
        ({"annotations": lambda all: all[:1]}, "split hold no box"),
        ({"categories": lambda all: {}}, "has no list 'categories'"),
        (
            {"images": lambda all: [{**one, "id": [1]} for one in all]},
            r"the id \[1\]; expected",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(rewritten(scenes(tmp_path / "scenes", 12), **change))


def test_options_and_files_that_do_not_fit(tmp_path: Path) -> None:
    root = scenes(tmp_path / "scenes", 12)
    with pytest.raises(UsageError, match="does not fit pictures with boxes"):
        read(root, task="segmentation")
    text = (root / "annotations.json").read_text()
    (root / "annotations.json").write_text(text[:-20])
    with pytest.raises(DataError, match=r"annotations.json, line 1, character \d+"):
        read(root)
    (root / "annotations.json").unlink()
    (root / "boxes.csv").write_text(
        "image,x1,y1,x2,y2,class\n" + "".join(f"{k:03}.png,1,1,9,x,bar\n" for k in range(12))
    )
    with pytest.raises(DataError, match="split hold no box"):
        read(root)
    labels = tmp_path / "yolo" / "labels"
    plain(tmp_path / "yolo" / "images", 8)
    labels.mkdir()
    for at in range(8):
        (labels / f"{at}.txt").write_text("0 0.5 0.5 0.2 0.2 0.1\n")
    with pytest.raises(DataError, match=r"line 1 is '0 0.5 0.5 0.2 0.2 0.1'; expected a class"):
        read(tmp_path / "yolo")


def test_a_broken_picture_is_left_out_by_name(tmp_path: Path) -> None:
    root = scenes(tmp_path / "scenes", 20)
    (root / "003.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    data = read(root)
    assert "003.png" not in everything(data)
    assert "dropped scenes/003.png: cannot be decoded" in said(data)
    assert torch.is_tensor(data.train.targets)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("labels/3.txt", b"0 0.5 - . e\n", r"line 1 is '0 0.5 - . e'; expected a class number"),
        ("labels/3.txt", b"0 0.5 0.5 0.1 0.1\xff\n", "3.txt, line 1 is"),
        ("data.yaml", b"names: [a, b\n  : x", "data.yaml is no YAML"),
        ("data.yaml", b"names: 5\n", "data.yaml has the names '5'; expected a list of names"),
        ("data.yaml", b"names: {one: a}\n", "expected a list of names, or a number"),
    ],
)
def test_texts_beside_pictures_that_are_damaged(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    plain(tmp_path / "images", 12)
    (tmp_path / "labels").mkdir()
    for at in range(12):
        (tmp_path / "labels" / f"{at}.txt").write_text("0 .5 5e-1 0.25 +0.2\n")
    assert read(tmp_path).task.classes == ("0",)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read(tmp_path)

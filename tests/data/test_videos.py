"""Clips as Data: arrays, animated GIFs and folders of frames, of any length and size."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from netwright.data.augment import augment
from netwright.data.clips import frame_places, in_order_of_names, read_clip
from netwright.data.data import Data, Rows
from netwright.data.encodings import load_encoding
from netwright.data.image_decoding import Unreadable
from netwright.data.ledger import Ledger
from netwright.data.read import read
from netwright.data.read_rows import read_labelled, read_rows
from netwright.errors import DataError, UsageError
from video_folders import clip, clip_folder


def said(data: Data) -> str:
    return "\n".join(str(entry) for entry in data.ledger)


def test_a_folder_of_arrays(tmp_path: Path) -> None:
    data = read(clip_folder(tmp_path / "clips", 12))
    assert (data.kind, data.task.name, data.task.form) == (
        "video", "video-classification", "binary",
    )  # fmt: skip
    assert data.task.classes == ("left", "right")
    assert data.encoding.shapes() == {"frames": 6, "in_channels": 1, "height": 12, "width": 12}
    train = data.train
    assert isinstance(train, Rows) and train.inputs[0].shape[1:] == (6, 1, 12, 12)
    for pixels, kind in zip(train.inputs[0].float(), train.targets.tolist(), strict=True):
        places = pixels.mean((1, 2)).argmax(1)  # of the bright dot, frame by frame
        assert ((places[1:] - places[:-1]) % 12 == (1 if kind else 11)).all()
    ready = data.encoding.prepare(train.inputs)[0]
    assert ready.shape == train.inputs[0].shape
    assert abs(float(ready.mean())) < 1e-3 and abs(float(ready.std()) - 1) < 1e-2
    assert load_encoding(data.encoding.to_dict(), {}) == data.encoding


@pytest.mark.parametrize("style", ["npz", "gif", "frames"])
def test_other_kinds_of_clips_hold_the_same(tmp_path: Path, style: str) -> None:
    plain = read(clip_folder(tmp_path / "clips", 8))
    task = "video-classification" if style == "frames" else None
    other = read(clip_folder(tmp_path / style, 8, style=style), task=task)
    for first, second in zip(plain.splits().values(), other.splits().values(), strict=True):
        assert isinstance(first, Rows) and isinstance(second, Rows)
        assert torch.equal(first.inputs[0], second.inputs[0])
        assert torch.equal(first.targets, second.targets)


def test_unequal_lengths_and_sizes_become_one(tmp_path: Path) -> None:
    root = clip_folder(tmp_path / "clips", 12)
    rng = np.random.default_rng(0)
    np.save(root / "left" / "short.npy", clip(rng, "left", frames=2))
    np.save(root / "left" / "long.npy", clip(rng, "left", frames=13))
    for at in range(4):  # so that some are learned from
        np.save(root / "right" / f"wide{at}.npy", clip(rng, "right", side=24))
    data = read(root)
    assert data.encoding.shapes() == {"frames": 6, "in_channels": 1, "height": 12, "width": 12}
    words = said(data)
    assert "of up to 13 frames, 6 of them taken evenly (1)" in words
    assert "of 2 frames or more, the last one held up to 6 (1)" in words
    assert "scaled to 12 x 12" in words
    (short,) = data.encoding.encode([root / "left" / "short.npy"])
    assert torch.equal(short[0, 1], short[0, 5]) and not torch.equal(short[0, 0], short[0, 1])


def test_places_of_frames_by_hand() -> None:
    assert frame_places(6, 6).tolist() == [0, 1, 2, 3, 4, 5]
    assert frame_places(12, 4).tolist() == [1, 4, 7, 10]
    assert frame_places(2, 4).tolist() == [0, 1, 1, 1]
    names = [Path(f"{k}.png") for k in (10, 9, 1)]
    assert [p.name for p in in_order_of_names(names)] == ["1.png", "9.png", "10.png"]


def test_colours_and_splits_are_kept(tmp_path: Path) -> None:
    for name, count in (("train", 6), ("val", 3), ("test", 4)):
        clip_folder(tmp_path / name, count, colour=True)
    data = read(tmp_path)
    assert data.encoding.shapes()["in_channels"] == 3
    assert [len(split) for split in data.splits().values()] == [12, 6, 8]
    assert "split test: given by the source (8)" in said(data)


def test_rows_to_predict_and_to_score(tmp_path: Path) -> None:
    data = read(clip_folder(tmp_path / "clips", 8))
    other = clip_folder(tmp_path / "other", 3)
    rows = read_labelled(other, data.encoding, data.task, Ledger())
    assert isinstance(rows, Rows) and rows.targets.tolist() == [0, 0, 0, 1, 1, 1]
    flat = tmp_path / "flat"
    flat.mkdir()
    for at in range(3):
        np.save(flat / f"{at}.npy", clip(np.random.default_rng(at), "left"))
    np.save(flat / "3.npy", np.zeros((4, 5)))
    paths = read_rows(flat, data.encoding, Ledger())
    assert [path.name for path in paths] == ["0.npy", "1.npy", "2.npy", "3.npy"]
    ledger = Ledger()
    (stored,), kept = data.encoding.encode_some(paths, ledger)  # type: ignore[attr-defined]
    assert len(stored) == 3 and kept.tolist() == [0, 1, 2]
    assert "expected (frames, height, width)" in "".join(map(str, ledger))


def test_what_is_no_clip_is_named(tmp_path: Path) -> None:
    root = clip_folder(tmp_path / "clips", 8)
    np.save(root / "left" / "floats.npy", np.zeros((3, 4, 4)))
    (root / "right" / "broken.npy").write_bytes(b"\x93NUMPY")
    np.savez(root / "right" / "two.npz", a=np.zeros(3), b=np.zeros(3))
    data = read(root)
    words = said(data)
    assert "floats.npy: cannot be read: an array of shape (3, 4, 4) and type float64" in words
    assert "broken.npy: cannot be read: it is no plain array of numbers" in words
    assert sum(len(split) for split in data.splits().values()) == 16
    np.save(root / "left" / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(Unreadable, match="no plain array of numbers"):
        read_clip(root / "left" / "objects.npy")
    with pytest.raises(Unreadable, match="it holds a, b; expected one array, or one called frames"):
        read_clip(root / "right" / "two.npz")


def test_what_cannot_be_learned_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for kind in ("left", "right"):
        (tmp_path / "none" / kind).mkdir(parents=True)
        for at in range(3):
            np.save(tmp_path / "none" / kind / f"{at}.npy", np.zeros((2, 3)))
    with pytest.raises(DataError, match="None of the 6 clips in none can be read"):
        read(tmp_path / "none")
    with pytest.raises(UsageError, match="use --task video-classification"):
        read(clip_folder(tmp_path / "clips", 4), task="regression")
    frames = tmp_path / "frames"
    for name in ("a", "b"):
        (frames / name).mkdir(parents=True)
        for at in range(3):
            Image.new("L", (8, 8)).save(frames / name / f"{at}.png")
    with pytest.raises(DataError, match="no folder of clips for each class"):
        read(frames, task="video-classification")
    assert read(frames).kind == "image"  # without the task they are pictures of two classes


def test_numbered_pictures_in_folders_of_folders_are_asked_about(tmp_path: Path) -> None:
    root = clip_folder(tmp_path / "clips", 6, style="frames")
    data = read(root)
    assert data.kind == "image" and "add --task video-classification" in str(data.ledger)
    assert "--task" not in str(read(root, task="image-classification").ledger)
    assert "--task" not in str(read(root, task="video-classification").ledger)
    for path in root.glob("*/*/0.png"):
        path.rename(path.with_stem("first"))
    assert "--task" not in str(read(root).ledger)


@pytest.mark.parametrize("name", ["flip", "shift", "brightness", "erase"])
def test_all_frames_of_a_clip_are_changed_alike(name: str) -> None:
    rng = torch.Generator().manual_seed(1)
    still = torch.randint(0, 256, (4, 1, 1, 16, 16), dtype=torch.uint8).expand(-1, 5, -1, -1, -1)
    (changed,) = augment((still.contiguous(),), "video", [name], rng, strength=2.0)
    assert changed.shape == still.shape
    assert not torch.equal(changed.float(), still.float())
    assert torch.equal(changed, changed[:, :1].expand_as(changed))


def test_archives_of_arrays_that_are_damaged_are_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    whole = tmp_path / "whole.npz"
    np.savez_compressed(whole, frames=rng.integers(0, 255, (4, 9, 9), dtype=np.uint8))
    content = whole.read_bytes()
    changed = content[:120] + bytes(40) + content[160:]
    for damaged in (content[:200], content[:-40] + b"x" * 40, changed):
        path = tmp_path / "damaged.npz"
        path.write_bytes(damaged)
        with pytest.raises(Unreadable, match="it is no plain array of numbers"):
            read_clip(path)

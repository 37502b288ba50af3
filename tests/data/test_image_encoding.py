"""ImageEncoding: raw pictures of any kind, normalised by the training pixels, back from JSON the
same.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from netwright.data.image_encoding import ImageEncoding
from netwright.data.ledger import Ledger
from netwright.errors import DataError

COLOUR = ImageEncoding(
    mode="RGB", height=6, width=5, mean=(100.0, 50.0, 0.0), std=(10.0, 20.0, 1.0)
)
GREY = ImageEncoding(mode="L", height=6, width=5, mean=(100.0,), std=(10.0,))


def test_prepare_normalises_each_channel() -> None:
    x = torch.full((2, 3, 6, 5), 110, dtype=torch.uint8)
    (ready,) = COLOUR.prepare((x,))
    assert ready.dtype == torch.float32
    torch.testing.assert_close(ready[0, :, 0, 0], torch.tensor([1.0, 3.0, 110.0]))
    torch.testing.assert_close(COLOUR.prepare((x.float(),))[0], ready)


@pytest.mark.parametrize("shape", [(4, 6, 5), (4, 1, 6, 5)])
def test_whole_arrays_are_taken_as_they_are(shape: tuple[int, ...]) -> None:
    raw = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    (x,) = GREY.encode(raw)
    np.testing.assert_array_equal(x.numpy(), raw.reshape(4, 1, 6, 5))


def test_channels_last_arrays() -> None:
    raw = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3), dtype=np.uint8)
    (x,) = COLOUR.encode(raw)
    np.testing.assert_array_equal(x.numpy(), raw.transpose(0, 3, 1, 2))


def test_files_images_and_arrays_give_the_same(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    file = tmp_path / "a.png"
    Image.fromarray(pixels).save(file)
    (x,) = COLOUR.encode([file, str(file), Image.fromarray(pixels), pixels])
    for row in x:
        np.testing.assert_array_equal(row.numpy(), pixels.transpose(2, 0, 1))


def test_many_files_keep_their_order(tmp_path: Path) -> None:
    files = []
    for at in range(50):
        files.append(tmp_path / f"{at}.png")
        Image.new("L", (5, 6), at).save(files[-1])
    (x,) = GREY.encode(files)
    assert x[:, 0, 0, 0].tolist() == list(range(50))


def test_encode_names_what_cannot_be_decoded_and_encode_some_leaves_it_out(tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"nope")
    good = np.full((6, 5), 7, dtype=np.uint8)
    with pytest.raises(DataError, match=r"1 of 3 pictures cannot be decoded.*bad\.png"):
        GREY.encode([good, bad, good])
    ledger = Ledger()
    (x,), kept = GREY.encode_some([good, bad, good], ledger)
    assert kept.tolist() == [0, 2]
    assert len(x) == 2
    assert "bad.png" in str(next(iter(ledger)))


@pytest.mark.parametrize("encoding", [COLOUR, GREY])
def test_json_and_back(encoding: ImageEncoding) -> None:
    values = json.loads(json.dumps(encoding.to_dict()))
    assert ImageEncoding.from_dict(values, encoding.tensors()) == encoding

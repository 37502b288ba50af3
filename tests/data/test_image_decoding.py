"""Decoding pictures: every mode comes out right, every broken file is refused with a reason."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netwright.data.image_decoding import Unreadable, decode, quiet_pillow, read_header

# What each dirty file is: None is refused. Size is (height, width) after turning upright; mean is
# of the decoded
# RGB pixels, read once from a viewer-independent decoder (Pillow's own conversion, checked by eye).
DIRTY: dict[str, tuple[int, int] | None] = {
    "12in16bit.tif": (100, 100),
    "16bit.cropped.tif": (64, 64),
    "broken.png": None,
    "broken_data_stream.png": None,
    "decompression_bomb.gif": None,
    "hopper.bmp": (128, 128),
    "hopper.gif": (128, 128),
    "hopper.png": (128, 128),
    "hopper.tif": (128, 128),
    "hopper.webp": (128, 128),
    "hopper_16bit.pgm": (128, 128),
    "hopper_bad_exif.jpg": (500, 500),
    "hopper_gray.jpg": (128, 128),
    "hopper_orientation_6.jpg": (128, 128),
    "i_trns.png": (64, 64),
    "invalid-exif.jpg": (200, 200),
    "multipage.tiff": (10, 10),
    "p_trns_single.png": (64, 64),
    "padded_idat.png": (10, 256),
    "pil123rgba.png": (150, 162),
    "pil_sample_cmyk.jpg": (100, 100),
    "tRNS_null_1x1.png": (1, 1),
    "truncated_app14.jpg": (100, 100),
    "truncated_end_chunk.png": None,
    "truncated_image.png": None,
    "truncated_jpeg.jpg": None,
    "zero_width.gif": None,
}


def rgb(item: object, size: int = 32, white: int = 65535) -> np.ndarray:
    with quiet_pillow():
        return decode(item, mode="RGB", height=size, width=size, white=white)


@pytest.mark.parametrize("name", DIRTY)
def test_dirty_files_are_read_or_refused(shared_data: Path, name: str) -> None:
    file = shared_data / "dirty" / "images" / name
    expected = DIRTY[name]
    if expected is None:
        with pytest.raises(Unreadable, match=r"\w"):
            rgb(file)
        return
    with quiet_pillow():
        header = read_header(file)
    assert (header.height, header.width) == expected
    pixels = rgb(file)
    assert pixels.shape == (3, 32, 32)
    assert pixels.dtype == np.uint8


def test_every_dirty_picture_is_in_the_table(shared_data: Path) -> None:
    names = {p.name for p in (shared_data / "dirty" / "images").iterdir() if p.stem != "LICENSE"}
    assert names == set(DIRTY)


@pytest.mark.parametrize("name", ["hopper.bmp", "hopper.gif", "hopper.tif", "hopper.webp"])
def test_one_picture_in_many_formats_is_one_picture(shared_data: Path, name: str) -> None:
    folder = shared_data / "dirty" / "images"
    reference, other = rgb(folder / "hopper.png"), rgb(folder / name)
    assert np.abs(reference.astype(int) - other).mean() < 6


def test_sixteen_bit_grey_is_the_grey_picture(shared_data: Path) -> None:
    folder = shared_data / "dirty" / "images"
    grey, deep = rgb(folder / "hopper_gray.jpg"), rgb(folder / "hopper_16bit.pgm")
    assert np.corrcoef(grey.ravel(), deep.ravel())[0, 1] > 0.98


def test_orientation_is_applied(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 20))
    picture.paste((255, 0, 0), (0, 0, 20, 20))  # red left half
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    file = tmp_path / "turned.jpg"
    picture.save(file, exif=exif, quality=95)
    header = read_header(file)
    assert (header.height, header.width) == (40, 20)
    assert any("orientation" in quirk for quirk in header.quirks)
    pixels = decode(file, mode="RGB", height=40, width=20)
    assert pixels[0, :15].mean() > 240  # red is on top now
    assert pixels[0, 25:].mean() < 15


def test_transparent_parts_are_white() -> None:
    picture = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    picture.paste((10, 20, 30, 255), (0, 0, 4, 8))
    pixels = decode(picture, mode="RGB", height=8, width=8)
    assert pixels[:, 0, 0].tolist() == [10, 20, 30]
    assert pixels[:, 0, 7].tolist() == [255, 255, 255]


def test_palette_with_a_transparent_entry(tmp_path: Path) -> None:
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, 200, 100, 50])
    picture.putpixel((0, 0), 0)
    file = tmp_path / "palette.png"
    picture.save(file, transparency=0)
    pixels = decode(file, mode="RGB", height=4, width=4)
    assert pixels[:, 0, 0].tolist() == [255, 255, 255]
    assert pixels[:, 3, 3].tolist() == [200, 100, 50]


def test_cmyk_black_is_black(tmp_path: Path) -> None:
    file = tmp_path / "ink.tif"
    Image.new("CMYK", (8, 8), (0, 0, 0, 255)).save(file)
    assert rgb(file).max() <= 5


def test_grey_of_a_colour_picture() -> None:
    green = Image.new("RGB", (5, 5), (0, 255, 0))
    pixels = decode(green, mode="L", height=5, width=5)
    assert pixels.shape == (1, 5, 5)
    assert 145 <= int(pixels[0, 0, 0]) <= 155  # ITU-R 601


def test_sixteen_bits_are_scaled_by_the_white_level(tmp_path: Path) -> None:
    file = tmp_path / "deep.png"
    Image.fromarray(np.full((6, 6), 4095, dtype=np.uint16)).save(file)
    assert int(decode(file, mode="L", height=6, width=6, white=4095)[0, 0, 0]) == 255
    assert int(decode(file, mode="L", height=6, width=6)[0, 0, 0]) == 16


@pytest.mark.parametrize(
    "item",
    [
        np.full((6, 5), 51, dtype=np.uint8),
        np.full((6, 5), 0.2),
        np.full((6, 5), 51.0),
        np.full((6, 5, 3), 51, dtype=np.uint8),
        np.full((3, 6, 5), 51, dtype=np.uint8),
        np.full((6, 5), 51 * 257, dtype=np.uint16),
    ],
)
def test_arrays_of_many_kinds_are_the_same_grey(item: np.ndarray) -> None:
    assert np.unique(rgb(item, 4)).tolist() == [51]


def test_masks_are_black_and_white() -> None:
    assert np.unique(rgb(np.eye(4, dtype=bool), 4)).tolist() == [0, 255]


def test_an_array_that_is_no_picture_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"shape \(2, 3, 4, 5\)"):
        rgb(np.zeros((2, 3, 4, 5)))


def test_wide_pictures_keep_their_middle() -> None:
    item = np.zeros((10, 30), dtype=np.uint8)
    item[:, 10:20] = 200
    assert rgb(item, 10).min() == 200


def test_missing_file() -> None:
    with pytest.raises(Unreadable, match="no such file"):
        rgb("nowhere.png")


def test_the_first_of_several_frames(tmp_path: Path) -> None:
    frames = [Image.new("L", (6, 6), value) for value in (10, 200)]
    file = tmp_path / "film.tif"
    frames[0].save(file, save_all=True, append_images=frames[1:])
    assert any("frames" in quirk for quirk in read_header(file).quirks)
    assert np.unique(rgb(file, 6)).tolist() == [10]

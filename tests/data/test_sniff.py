"""Files are what their first bytes say."""

import gzip
import io
import json
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netwright.data.sniff import is_text, sniff_content
from netwright.errors import DataError


def picture(form: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2)).save(buffer, form)
    return buffer.getvalue()


def sound() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\0\0" * 8)
    return buffer.getvalue()


def packed(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def arrays() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, x=np.zeros(3))
    return buffer.getvalue()


CONTENTS = {
    "empty": b"",
    "idx": bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 6]),
    "audio": sound(),
    "npz": arrays(),
    "zip": packed(a=b"1", b=b"2"),
    "gz": gzip.compress(b"a,b"),
    "json": json.dumps([{"a": 1}, {"a": 2}]).encode(),
    "jsonl": b'{"a": 1}\n{"a": 2}\n',
    "ts": b"# about\n@problemName GunPoint\n@data\n1,2:1\n",
    "arff": b"% about\n@RELATION iris\n@DATA\n",
    "html": b"<!DOCTYPE html><html></html>",
    "text": b"a,b\n1,2\n",
    "pdf": b"%PDF-1.4",
    "pickle": b"\x80\x04\x95\x05",
    "binary": b"\x07\0\x01\x02\0\0nothing\0\0\0",
}


def sniffed(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "file"
    path.write_bytes(content)
    return sniff_content(path)


@pytest.mark.parametrize("name", CONTENTS)
def test_content(tmp_path: Path, name: str) -> None:
    assert sniffed(tmp_path, CONTENTS[name]) == name


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_images(tmp_path: Path, form: str) -> None:
    assert sniffed(tmp_path, picture(form)) == "image"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"a": {"0": 1}, "b": {"0": 2}}', "json"),
        ('{\n "a": [1, 2]\n}', "json"),
        ('{"a": 1, "b": "x"}', "jsonl"),
        ("[1, 2]\n[3, 4]\n", "jsonl"),
        ("[section]\nkey = value\n", "text"),
        ("{name}, hello\n", "text"),
        ("BMW,3\nVW,5\n", "text"),
        ("P1 is a name\n", "text"),
    ],
)
def test_text_that_begins_like_something_else(tmp_path: Path, text: str, name: str) -> None:
    assert sniffed(tmp_path, text.encode()) == name


def test_content_of_a_gzip_file(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(CONTENTS["idx"]))
    assert sniff_content(path, inside_gz=True) == "idx"


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(b"a" * 1000)[:15])
    with pytest.raises(DataError, match="damaged gzip"):
        sniff_content(path, inside_gz=True)


def test_damaged_zip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="damaged zip"):
        sniffed(tmp_path, packed(a=b"1" * 100)[:40])


def test_a_zip_of_a_version_to_come_is_refused(tmp_path: Path) -> None:
    content = bytearray(packed(a=b"1" * 100))
    content[content.index(b"PK\x01\x02") + 6] = 99  # the version that unpacking needs
    with pytest.raises(DataError, match=r"zip file version 9\.9"):
        sniffed(tmp_path, bytes(content))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_text_in_many_encodings(encoding: str) -> None:
    assert is_text("ville,n\nMontréal,1\n".encode(encoding))

"""What a file is, told by its content: the first bytes, not the suffix.

Signatures are those of the formats' own specifications (PNG, JPEG, GIF, TIFF, RIFF, gzip, zip,
Parquet, Arrow, IDX ...). Text is told apart further: JSON, JSON lines, UCR/UEA .ts, ARFF, HTML, and
"text" for all the rest.
"""

import gzip
import json
import re
import zipfile
from pathlib import Path

from netwright.errors import DataError

__all__ = ["ARCHIVES", "describe_content", "first_bytes", "is_text", "sniff_content"]

HEAD_BYTES = 1 << 16

ARCHIVES = frozenset({"zip", "tar", "gz", "bz2", "xz"})

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "feather"),
    (b"FEA1", "feather"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"\x00\x00\x00\x0cjP  ", "image"),
    (b"fLaC", "audio"),
    (b"OggS", "audio"),
    (b"ID3", "audio"),
    (b"\x93NUMPY", "npy"),
    (b"%PDF-", "pdf"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"\x80\x02", "pickle"),
    (b"\x80\x03", "pickle"),
    (b"\x80\x04", "pickle"),
    (b"\x80\x05", "pickle"),
)

DESCRIPTIONS = {
    "7z": "a 7-Zip archive; unpack it, or pack it as .zip or .tar.gz",
    "rar": "a RAR archive; unpack it, or pack it as .zip or .tar.gz",
    "pdf": "a PDF document; export its table as CSV",
    "sqlite": "an SQLite database; export the table as CSV or Parquet",
    "hdf5": "an HDF5 file; save its arrays as .npz or its table as Parquet",
    "xls": "an old Excel or Office document; save it as .xlsx or CSV",
    "office": "an office document without a worksheet; save the table as .xlsx or CSV",
    "pickle": "a pickle, never opened because it can run code; save it as Parquet, .npz or CSV",
    "npy": "a single NumPy array; save inputs and targets together with numpy.savez as .npz",
    "npz": "NumPy arrays, not a table",
    "image": "an image, not a table",
    "audio": "a sound, not a table",
    "idx": "an IDX array, not a table; give the folder that holds images and labels",
    "ts": "a UCR/UEA series file, not a table",
    "arff": "an ARFF file; save it as CSV",
    "html": "a web page; a download link or a login page may have been saved in place of the file",
    "empty": "empty; download or export it again",
    "binary": "binary in no format known here; export it as CSV or Parquet",
}

_PNM = re.compile(rb"P[1-7][ \t\r\n](?:#[^\n]*\n)*\s*(?:\d+\s+\d+\s|WIDTH)")
_TS = re.compile(rb"^@(?:problemname|timestamps|univariate|classlabel)\b", re.I | re.M)
_ARFF = re.compile(rb"^@relation\b", re.I | re.M)
_HTML = re.compile(rb"\s*(?:<!doctype html|<html|<head|<table)", re.I)


def first_bytes(path: Path, count: int = HEAD_BYTES, *, inside_gz: bool = False) -> bytes:
    """Return the first bytes of a file, or of what a gzip file holds."""
    try:
        if inside_gz:
            with gzip.open(path, "rb") as packed:
                return packed.read(count)
        with path.open("rb") as file:
            return file.read(count)
    except (gzip.BadGzipFile, EOFError) as error:
        raise DataError(f"{path} is a damaged gzip file: {error}. Download it again.") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror or error}. Check its permissions."
        ) from error


def sniff_content(path: Path, *, inside_gz: bool = False) -> str:
    """Return what a file holds: "text", "json", "jsonl", "ts", "image", "audio", "idx", "npz",
    "parquet", "xlsx", "gz", ...

    With `inside_gz` the answer is about the content of a gzip file.
    """
    head = first_bytes(path, inside_gz=inside_gz)
    if not head:
        return "empty"
    if head.startswith(b"PK\x03\x04") and not inside_gz:
        return _sniff_zip(path)
    for signature, name in SIGNATURES:
        if head.startswith(signature):
            return name
    if head[:4] == b"RIFF" and head[8:12] in (b"WAVE", b"WEBP"):
        return "audio" if head[8:12] == b"WAVE" else "image"
    if (head[:2] == b"BM" and head[6:10] == b"\0\0\0\0") or head[4:12] in (
        b"ftypavif",
        b"ftypheic",
    ):
        return "image"
    if _PNM.match(head):
        return "image"
    if len(head) >= 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        # an MPEG frame without a tag; checked after the UTF-16 mark, which it cannot equal
        return "audio"
    if (
        len(head) > 8
        and head[:2] == b"\0\0"
        and head[2] in (8, 9, 11, 12, 13, 14)
        and 1 <= head[3] <= 5
    ):
        return "idx"
    if head[257:262] == b"ustar":
        return "tar"
    return _sniff_text(head) if is_text(head) else "binary"


def is_text(head: bytes) -> bool:
    """Tell whether the first bytes of a file are text in some encoding."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return True
    if b"\0" in head:
        shares = [head[start::2].count(0) / max(1, len(head) // 2) for start in (0, 1)]
        return max(shares) > 0.3 and min(shares) < 0.05
    controls = sum(byte < 32 and byte not in b"\t\n\v\f\r\x07\x08\x1a\x1b" for byte in head)
    return controls <= len(head) / 100


def describe_content(path: Path, content: str) -> DataError:
    """Return the error that says what a file is and what to do, for content that is no table."""
    what = DESCRIPTIONS.get(content, f"{content}, not a table")
    if content == "empty":  # it may have been meant as anything
        return DataError(f"{path} is {what}. Expected a file that holds rows or a text.")
    return DataError(
        f"{path} is {what}. Expected a table: CSV, TSV, Parquet, Feather, JSON, JSON lines or "
        "Excel (.xlsx)."
    )


def _sniff_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        # NotImplementedError is zipfile's word for a zip version that it cannot read.
        raise DataError(
            f"{path} is a damaged zip archive: {error}. Download or pack it again."
        ) from error
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "[Content_Types].xml" in names or "mimetype" in names:
        return "office"
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    return "zip"


def _sniff_text(head: bytes) -> str:
    if head.startswith(b"\xef\xbb\xbf"):
        head = head[3:]
    start = head.lstrip()[:1]
    if start in (b"[", b"{"):
        return _sniff_json(head.lstrip())
    if start in (b"@", b"#", b"%"):
        if _TS.search(head):
            return "ts"
        if _ARFF.search(head):
            return "arff"
    return "html" if _HTML.match(head) else "text"


def _sniff_json(head: bytes) -> str:
    """Tell JSON from JSON lines and from text that merely begins with a bracket."""
    text = head.decode("utf-8", "ignore")
    first, _, rest = text.partition("\n")
    try:
        value = json.loads(first)
    except json.JSONDecodeError:
        opening = re.match(r'\[\s*[\[{"\d\-\]tfn]|\{\s*["}]', text)
        return "json" if opening else "text"
    except RecursionError:
        return "text"
    is_record = isinstance(value, dict) and not any(
        isinstance(v, dict | list) for v in value.values()
    )
    return "jsonl" if rest.lstrip()[:1] in ("[", "{") or is_record else "json"

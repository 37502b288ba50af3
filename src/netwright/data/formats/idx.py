"""IDX, the format of MNIST: a big-endian header (type, number of axes, sizes) and the raw array
after it.

http://yann.lecun.com/exdb/mnist/ ; plain or gzipped, told apart by the first bytes and not by the
name.
"""

import gzip
import zlib
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netwright.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"
DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def is_idx(head: bytes) -> bool:
    """Say whether the first four (unzipped) bytes are an IDX header: two zeros, a known type, 1 to
    4 axes.
    """
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in DTYPES and 1 <= head[3] <= 4


def read_idx(path: Path) -> NDArray[np.generic]:
    """Read one IDX file into an array of the machine's byte order."""
    content = path.read_bytes()
    if content[:2] == GZIP_MAGIC:
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(
                f"{path.name} is a damaged gzip file ({error}). Fetch it again, or unpack it first."
            ) from error
    if not is_idx(content[:4]):
        raise DataError(
            f"{path.name} begins with {content[:4].hex() or 'nothing'}; an IDX file begins with "
            "0000, "
            "a type byte and the number of axes. Is it another format under this name?"
        )
    dtype, axes = np.dtype(DTYPES[content[2]]), content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise DataError(
            f"{path.name} ends inside its header. The file is cut short: fetch it again."
        )
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", axes, 4))
    needed = prod(shape) * dtype.itemsize
    if len(content) - start != needed:
        raise DataError(
            f"{path.name} says shape {shape}, which needs {needed:,} bytes, but holds "
            f"{len(content) - start:,}. The file is cut short or has data after its end: fetch it "
            "again."
        )
    values = np.frombuffer(content, dtype, prod(shape), start).reshape(shape)
    return values.astype(dtype.newbyteorder("="))

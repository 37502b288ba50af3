"""Archives (.zip, .tar and its compressed kin, .gz): unpacked once into a cache folder, with
nothing trusted.

Members with absolute names or `..`, links and devices are refused, and so is an archive that grows
beyond a limit: 20 GB, or 200 times its size once that is over 1 GB. Sizes are counted while bytes
are written, since headers can lie.
"""

import bz2
import gzip
import hashlib
import lzma
import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any

from netwright.data.sniff import sniff_content
from netwright.errors import DataError

__all__ = ["cache_folder", "hash_file", "unpack"]

MAX_BYTES = 20 * 10**9
RATIO_FROM_BYTES = 10**9
MAX_RATIO = 200
MAX_MEMBERS = 5_000_000
CHUNK_BYTES = 1 << 20

_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
)


def cache_folder() -> Path:
    """Return the folder for unpacked archives: NETWRIGHT_CACHE, else one of this user's in the
    system's temporary folder.
    """
    given = os.environ.get("NETWRIGHT_CACHE")
    if given:
        return Path(given)
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"netwright-{user}"


def unpack(path: Path) -> Path:
    """Unpack an archive and return the folder of its members, or the one file of a .gz. A second
    call returns at once.
    """
    content = sniff_content(path)
    if content not in ("zip", "npz", "xlsx", "office", "tar", "gz", "bz2", "xz"):
        raise DataError(
            f"{path} is no archive that can be unpacked (it holds {content}). Expected .zip, "
            ".tar, .tar.gz or .gz."
        )
    target = cache_folder() / hash_file(path)[:32]
    if not target.is_dir():
        _fill(path, content, target)
    inner = target / "content"
    files = list(inner.iterdir()) if (target / "single").exists() else []
    return files[0] if files else inner


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's content in hexadecimal."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}. Check its permissions."
        ) from error


def _fill(path: Path, content: str, target: Path) -> None:
    """Unpack beside the target and move there in one step, so that a half-unpacked folder is never
    taken for a whole one.
    """
    try:
        _make_private(target.parent)
        with tempfile.TemporaryDirectory(prefix="unpacking-", dir=target.parent) as temporary:
            work = Path(temporary) / "work"
            (work / "content").mkdir(parents=True)
            with _explained(path):
                if content in ("gz", "bz2", "xz", "tar") and tarfile.is_tarfile(path):
                    _unpack_tar(path, work / "content")
                elif content in ("gz", "bz2", "xz"):
                    _unpack_single(path, content, work / "content")
                    (work / "single").touch()
                else:
                    _unpack_zip(path, work / "content")
            try:
                work.rename(target)
            except OSError:
                if not target.is_dir():  # else another process was first, with the same content
                    raise
    except OSError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{path} cannot be unpacked into {target.parent}: {error.strerror or error}. Free "
            "some space there, "
            "or set NETWRIGHT_CACHE to another folder."
        ) from error


def _make_private(folder: Path) -> None:
    """Make the cache folder, readable by this user alone unless it was there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid") and not os.environ.get("NETWRIGHT_CACHE"):
        # In a shared temporary folder the name can be taken by someone else to slip in other data.
        state = folder.lstat()
        if state.st_uid != os.getuid() or not stat.S_ISDIR(state.st_mode):
            raise DataError(
                f"The cache folder {folder} belongs to another user. Set NETWRIGHT_CACHE to a "
                "folder of your own."
            )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise DataError(
            f"{path} is a damaged archive: {error}. Download or pack it again."
        ) from error
    except RuntimeError as error:
        # zipfile's word for a password, and for a compression that it lacks (a subclass).
        raise DataError(f"{path} cannot be unpacked: {error}. Unpack it yourself first.") from error


class _Budget:
    """Counts bytes written and refuses the member that goes beyond the limit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.packed = max(1, path.stat().st_size)
        self.written = 0

    def copy(self, source: IO[bytes], target: Path, member: str) -> None:
        """Write a member's content to `target`."""
        with target.open("wb") as file:
            while chunk := source.read(CHUNK_BYTES):
                self.written += len(chunk)
                bomb = self.written > RATIO_FROM_BYTES and self.written > MAX_RATIO * self.packed
                if self.written > MAX_BYTES or bomb:
                    raise DataError(
                        f"{self.path} grows beyond {self.written / 1e9:.1f} GB at its member "
                        f"{member!r} (limit: "
                        f"{MAX_BYTES / 1e9:.0f} GB, and {MAX_RATIO} times the archive). Unpack it "
                        "yourself if you trust it."
                    )
                file.write(chunk)


def _unpack_zip(path: Path, target: Path) -> None:
    budget = _Budget(path)
    with zipfile.ZipFile(path) as archive:
        _check_count(path, len(archive.infolist()))
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refused(path, info.filename, "is a link or a device")
            place = _place(path, target, info.filename)
            if info.is_dir():
                place.mkdir(parents=True, exist_ok=True)
                continue
            _make_room(path, place, info.filename)
            with archive.open(info) as source:
                budget.copy(source, place, info.filename)


def _unpack_tar(path: Path, target: Path) -> None:
    budget = _Budget(path)
    with tarfile.open(path) as archive:
        for count, info in enumerate(archive):
            _check_count(path, count)
            place = _place(path, target, info.name)
            if info.isdir():
                place.mkdir(parents=True, exist_ok=True)
            elif info.isreg():
                _make_room(path, place, info.name)
                source = archive.extractfile(info)
                assert source is not None, info.name
                with source:
                    budget.copy(source, place, info.name)
            else:
                raise _refused(path, info.name, "is a link or a device")


def _unpack_single(path: Path, content: str, target: Path) -> None:
    openers: dict[str, Callable[[Path, str], Any]] = {
        "gz": gzip.open,
        "bz2": bz2.open,
        "xz": lzma.open,
    }
    name = path.stem if path.suffix.lower() in (".gz", ".bz2", ".xz") else path.name
    with openers[content](path, "rb") as source:
        _Budget(path).copy(source, target / name, name)


def _check_count(path: Path, count: int) -> None:
    if count > MAX_MEMBERS:
        raise DataError(f"{path} has more than {MAX_MEMBERS:,} members. Unpack it yourself.")


def _place(path: Path, target: Path, member: str) -> Path:
    """Return where a member goes; a name that leads out of the folder is refused."""
    pure = PurePosixPath(member.replace("\\", "/"))
    if pure.is_absolute() or PureWindowsPath(member).drive:
        raise _refused(path, member, "has an absolute name")
    if ".." in pure.parts:
        raise _refused(path, member, "leads out of the folder with '..'")
    if "\0" in member:
        raise _refused(path, member, "has a name with a NUL byte")
    return target.joinpath(*pure.parts)


def _make_room(path: Path, place: Path, member: str) -> None:
    """Make the folders above a member. A file where a folder is due, or the other way round, is
    refused.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise _refused(path, member, "lies below a member that is a file") from error
    if place.is_dir():
        raise _refused(path, member, "has the name of a folder")


def _refused(path: Path, member: str, why: str) -> DataError:
    return DataError(
        f"{path} is refused: its member {member!r} {why}. Unpack it yourself if you trust it."
    )

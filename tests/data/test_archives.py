"""Archives are unpacked once, and nothing in them is trusted."""

import gzip
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from netwright.data import archives
from netwright.data.archives import cache_folder, unpack
from netwright.errors import DataError

Pack = Callable[[Path, dict[str, bytes]], Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("NETWRIGHT_CACHE", str(folder))
    return folder


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


MEMBERS = {"data/train.csv": b"a,b\n1,2\n", "data/deep/er.txt": b"words", "é.txt": b"x"}


def test_zip(tmp_path: Path) -> None:
    assert contents(unpack(zipped(tmp_path / "data.zip", MEMBERS))) == MEMBERS


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar(tmp_path: Path, mode: str) -> None:
    # The suffix says nothing of the compression: the content decides.
    assert contents(unpack(tarred(tmp_path / "data.bin", MEMBERS, mode))) == MEMBERS


def test_single_gz_is_its_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    unpacked = unpack(path)
    assert (unpacked.name, unpacked.read_bytes()) == ("table.csv", b"a,b\n1,2\n")


def test_second_call_unpacks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "data.zip", MEMBERS)
    first = unpack(path)
    monkeypatch.setattr(archives, "_unpack_zip", None)
    copy = tmp_path / "copy.zip"
    copy.write_bytes(path.read_bytes())
    assert unpack(copy) == first


def test_changed_archive_is_unpacked_anew(tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    unpack(zipped(path, {"a.txt": b"old"}))
    assert contents(unpack(zipped(path, {"a.txt": b"new"}))) == {"a.txt": b"new"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/etc/passwd", "absolute"),
        ("../up.txt", "leads out"),
        ("a/../../up.txt", "leads out"),
        ("..\\up.txt", "leads out"),
        ("C:\\x.txt", "absolute"),
    ],
)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_that_lead_out_are_refused(
    tmp_path: Path, cache: Path, name: str, why: str, pack: Pack
) -> None:
    path = pack(tmp_path / "bad.archive", {"good.txt": b"x", name: b"evil"})
    with pytest.raises(DataError, match=why) as refusal:
        unpack(path)
    assert repr(name) in str(refusal.value)
    assert not list(cache.iterdir()), "nothing may stay of a refused archive"


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "bad.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("link")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(DataError, match="'link' is a link or a device"):
        unpack(path)


def test_links_in_zip_are_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match="'link' is a link or a device"):
        unpack(path)


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Pack) -> None:
    monkeypatch.setattr(archives, "RATIO_FROM_BYTES", 100_000)
    path = pack(tmp_path / "bomb", {"small": b"x", "zeros": bytes(3_000_000)})
    with pytest.raises(DataError, match="'zeros'"):
        unpack(path)


def test_size_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 1000)
    path = zipped(tmp_path / "big.zip", {"a": os.urandom(600), "b": os.urandom(600)})
    with pytest.raises(DataError, match="grows beyond"):
        unpack(path)


def test_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'a/b' lies below a member that is a file"):
        unpack(tarred(tmp_path / "odd.tar", {"a": b"x", "a/b": b"y"}))


@pytest.mark.parametrize("cut", [60, 120])
def test_damaged_archive_is_refused(tmp_path: Path, cut: int) -> None:
    path = tarred(tmp_path / "data.tar.gz", {"a": os.urandom(5000)})
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DataError, match="damaged"):
        unpack(path)


def test_locked_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "locked.zip", {"a.txt": b"secret"})
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag of encryption, in the member's header and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="password"):
        unpack(path)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no archive"):
        unpack(path)


def test_cache_folder_is_private_without_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NETWRIGHT_CACHE")
    assert cache_folder().name.startswith("netwright-")


def test_unwritable_cache_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("NETWRIGHT_CACHE", str(blocked / "cache"))
    with pytest.raises(DataError, match="set NETWRIGHT_CACHE"):
        unpack(zipped(tmp_path / "data.zip", MEMBERS))


def test_an_unknown_compression_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.csv": b"a,b\n1,2\n"})
    content = bytearray(path.read_bytes())
    for signature, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(signature) + method] = 97
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"method is not supported.* Unpack it yourself"):
        unpack(path)

"""Sources: what a path, a folder, an archive or a name holds, before any of it is read.

    locate("adult.zip")     # Found(kind="table", parts={"train": ..., "test": ...}, ...)

Content decides, names are hints: members called train, val, valid, dev or test are splits; folders
of folders are classes.
"""

import difflib
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from netwright.data.archives import hash_file, unpack
from netwright.data.box_files import is_coco
from netwright.data.builtin import builtin_names
from netwright.data.folders import look_into
from netwright.data.formats.graph_text import is_graph_text
from netwright.data.languages import language_of, pair_beside
from netwright.data.listing import list_folder, role_of_text, split_of, visible_files
from netwright.data.sniff import ARCHIVES, describe_content, sniff_content
from netwright.errors import DataError

__all__ = ["KINDS", "Found", "labelled_files", "locate", "sha256_of"]

KINDS = {
    "builtin": "a name from the list below, no download",
    "table": "CSV, TSV and kin, Parquet, Feather, JSON, JSON lines, Excel; train and test files",
    "image-folder": "a folder of images for each class, with train/ val/ test/ above them or not",
    "image-masks": "image/ and label/ folders, same file names; a mask's values are classes",
    "image-boxes": "images and where things are in them: COCO's annotations.json, boxes.csv with "
    "image,x1,y1,x2,y2,class, or YOLO's images/ and labels/",
    "text-folder": "a folder of text files for each class",
    "text-lines": "a folder of <class>.txt, a sample a line",
    "video-folder": "a folder of clips for each class: .npy or .npz of (frames, height, width[, "
    "3]) bytes; animated GIFs; with --task video-classification folders of frames",
    "idx": "the files of MNIST and its kin",
    "ts": "UCR/UEA time series, with _TRAIN and _TEST files or not",
    "npz": "NumPy arrays saved together, without objects",
    "graph": "nodes.csv and edges.csv, with graphs.csv beside them for many graphs, or a text of "
    "graphs",
    "corpus": "one text, for language modelling",
    "line-pair": "two texts, line by line translations, such as train.en and train.de",
    "conll": "a token and its tag a line, blank lines between sentences",
    "gym": "gym:NAME, an environment of Gymnasium to act in",
    "flat-images": "images without class folders, for prediction",
    "flat-clips": "clips without class folders, for prediction",
    "audio-folder": "a folder of WAV files for each class",
    "audio-transcripts": "WAV files with a table of what is said in each, or of their classes",
    "flat-audio": "WAV files without class folders, for prediction",
}

TABLE_CONTENT = frozenset({"parquet", "feather", "xlsx", "json", "jsonl"})


@dataclass(frozen=True)
class Found:
    """What a source holds.

    name: for run folders. parts: "all" or "train", and "validation" and "test" where given, to the
    files or folders of each. paths: what to hash. detail: classes (image-, text- and audio-folder,
    text-lines), files (how many), ignored (hidden files left out), not_read (tables left out),
    archive, env (gym), languages (line-pair), training_part (the split that became "all" because
    nothing is called train), replaced_test.
    """

    kind: str
    name: str
    parts: Mapping[str, tuple[Path, ...]]
    paths: tuple[Path, ...]
    detail: Mapping[str, Any] = field(default_factory=dict)


def locate(source: str | Path, *, test: str | Path | None = None) -> Found:
    """Find out what `source` holds. `test`: a second file or folder of the same kind, which becomes
    the part "test".
    """
    found = _with_training_part(_locate(source))
    if test is None:
        return found
    other = _locate(test)
    if other.kind != found.kind or found.kind in ("builtin", "gym"):
        raise DataError(
            f"{source} holds {found.kind} and the test data {test} holds {other.kind}. Expected "
            "two files or folders of the "
            "same kind."
        )
    files = other.parts.get("test") or tuple(file for part in other.parts.values() for file in part)
    detail = dict(found.detail)
    if "test" in found.parts:
        detail["replaced_test"] = found.parts["test"]
    return replace(
        found,
        parts={**found.parts, "test": files},
        paths=tuple(dict.fromkeys((*found.paths, *other.paths))),
        detail=detail,
    )


def _with_training_part(found: Found) -> Found:
    """Where nothing is called train, what comes first is what there is to train on."""
    if not found.parts or found.parts.keys() & {"all", "train"}:
        return found
    (first, files), *rest = found.parts.items()
    return replace(
        found, parts={"all": files, **dict(rest)}, detail={**found.detail, "training_part": first}
    )


def labelled_files(found: Found, part: str) -> list[tuple[Path, str]]:
    """Return (file, class) for each sample of a part of an image-, text- or audio-folder, sorted by
    class and name.
    """
    role = {"image-folder": "image", "text-folder": "text", "audio-folder": "audio"}[found.kind]
    labelled = []
    for folder in found.parts[part]:
        for entry in list_folder(folder).entries:
            if entry.role == role and entry.below:
                labelled.append((entry.path, "/".join(entry.below)))
    return sorted(labelled, key=lambda pair: (pair[1], pair[0].name))


def sha256_of(paths: Iterable[Path]) -> tuple[str, ...]:
    """Return the sha256 of each file; of a folder the sha256 over its sorted names and contents,
    hidden files left out.
    """
    return tuple(_hash_folder(path) if path.is_dir() else hash_file(path) for path in paths)


def _hash_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in visible_files(folder)[0]:
        name = file.relative_to(folder).as_posix()
        digest.update(f"{name}\0{hash_file(file)}\n".encode())
    return digest.hexdigest()


def _locate(source: str | Path) -> Found:
    text = str(source)
    if text.startswith("gym:"):
        return Found("gym", _safe_name(text), {}, (), {"env": text.removeprefix("gym:")})
    path = Path(text).expanduser()
    if not path.exists():
        if text in builtin_names():
            return Found("builtin", text, {}, (), {"builtin": text})
        raise _missing(text, path)
    return _in_folder(path) if path.is_dir() else _in_file(path)


def _in_folder(path: Path, shown: Path | None = None) -> Found:
    """Look into a folder; `shown` is the archive that it was unpacked from, for errors."""
    kind, parts, detail = look_into(list_folder(path), str(shown or path))
    if kind == "archives":
        return _in_archives(path, parts["all"], detail)
    files = tuple(file for part in parts.values() for file in part)
    # Tables are hashed alone, so that a README beside them may change; class folders are hashed as
    # a whole.
    paths = files if all(file.is_file() for file in files) else (path,)
    return Found(kind, _safe_name(path.resolve().name), parts, paths, detail)


def _in_archives(path: Path, archives: tuple[Path, ...], detail: Mapping[str, Any]) -> Found:
    """Look into the archives of a folder: one, or one for each split."""
    if len(archives) == 1:
        found = _in_file(archives[0])
        name = _safe_name(path.resolve().name)
        return replace(found, name=name, detail={**detail, **found.detail})
    by_split = {split_of(archive.name): archive for archive in archives}
    order = ("train", "validation", "test", None)
    by_split = {split: by_split[split] for split in order if split in by_split}
    if None in by_split or len(by_split) < len(archives):
        names = ", ".join(archive.name for archive in archives[:8])
        raise DataError(
            f"{path} holds {len(archives)} archives: {names}. Expected one data set: give one of "
            "them as SOURCE, and "
            "another with --test if it is the test data."
        )
    looked = {split: _in_file(archive) for split, archive in by_split.items() if split}
    kinds = {found.kind for found in looked.values()}
    if len(kinds) > 1:
        raise DataError(
            f"The archives in {path} hold different kinds of data: {', '.join(sorted(kinds))}. "
            "Expected train and test "
            "data of one kind; give one archive as SOURCE."
        )
    parts = {
        split: tuple(file for part in found.parts.values() for file in part)
        for split, found in looked.items()
    }
    first = next(iter(looked.values()))
    return Found(first.kind, _safe_name(path.resolve().name), parts, archives, first.detail)


def _in_file(path: Path) -> Found:
    name, content = _safe_name(path), sniff_content(path)
    alone = {"all": (path,)}
    pair = pair_beside(path)
    if pair is not None:
        parts, detail = {"all": pair[0]}, {"ignored": 0, "languages": pair[1]}
        return Found("line-pair", _safe_name(language_of(path.name)[0]), parts, pair[0], detail)
    if content in ARCHIVES:
        unpacked = unpack(path)
        inner = _in_file(unpacked) if unpacked.is_file() else _in_folder(unpacked, path)
        return replace(inner, name=name, paths=(path,), detail={**inner.detail, "archive": path})
    if content == "text" and is_graph_text(path):
        return Found("graph", name, alone, (path,), {"ignored": 0})
    if content == "text":
        kind = {"conll": "conll", "table": "table"}.get(role_of_text(path), "corpus")
        return Found(kind, name, alone, (path,), {"ignored": 0})
    if content == "json" and is_coco(path):
        name = _safe_name(path.resolve().parent.name)
        parts = {"all": (path, path.parent)}
        return Found("image-boxes", name, parts, (path.parent,), {"ignored": 0})
    if content in TABLE_CONTENT:
        return Found("table", name, alone, (path,), {"ignored": 0})
    if content in ("ts", "npz", "idx"):
        return Found(content, name, alone, (path,), {"ignored": 0})
    if content in ("image", "audio"):
        kind = "flat-images" if content == "image" else "flat-audio"
        return Found(kind, name, alone, (path,), {"ignored": 0, "files": 1})
    raise describe_content(path, content)


def _missing(text: str, path: Path) -> DataError:
    """Say that nothing is there, with the nearest built-in name or neighbouring file."""
    names = builtin_names()
    near = difflib.get_close_matches(text, names, n=1, cutoff=0.6)
    folder = path.parent
    if not near and folder.is_dir():
        beside = [file.name for file in folder.iterdir() if not file.name.startswith(".")]
        near = [
            str(folder / name) if folder != Path() else name
            for name in difflib.get_close_matches(path.name, beside, n=1, cutoff=0.6)
        ]
    hint = f" Did you mean {near[0]!r}?" if near else f" Built-in names: {', '.join(names)}."
    if not near and not folder.is_dir():
        hint = f" The folder {str(folder)!r} is not there either; check the path."
    return DataError(f"There is no file, folder or built-in data set {text!r}.{hint}")


def _safe_name(path: str | Path) -> str:
    """Return the stem in lower case with safe characters, for the names of run folders."""
    name = Path(path).name
    stem = re.sub(
        r"(?i)(\.(csv|tsv|tab|txt|json|jsonl|tar|tgz|gz|zip|bz2|xz|parquet|feather|xlsx|ts|npz|wav))+$",
        "",
        name,
    )
    stem = stem or name
    safe = re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-.")
    return safe or "data"

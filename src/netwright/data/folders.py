"""What the files of a folder make together: classes, splits, pairs, or one table among its
documentation.
"""

import os
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from netwright.data.box_files import box_columns, is_coco, label_folder
from netwright.data.formats.graph_text import is_graph_text
from netwright.data.languages import language_of
from netwright.data.layout import find_layout
from netwright.data.listing import Entry, Listing, Role, split_of
from netwright.data.sniff import first_bytes, sniff_content
from netwright.errors import DataError

__all__ = ["look_into"]

Parts = Mapping[str, tuple[Path, ...]]
Looked = tuple[str, Parts, Mapping[str, Any]]

SPLITS = ("train", "validation", "test")
IMAGE_FOLDERS = frozenset({"image", "images", "img", "imgs", "input", "inputs", "frames"})
MASK_FOLDERS = frozenset(
    {"label", "labels", "mask", "masks", "annotation", "annotations", "target", "targets", "gt"}
)
FEW_TEXTS = 8  # at the top of a folder; only then each is looked into
# Endings that look like a language and are a format.
NO_LANGUAGES = frozenset("csv tsv tab ts idx npz npy png jpg gif bmp wav mp3 zip tar".split())
NAMED_SOUNDS = 3  # that a table names at its beginning, to be a table of sounds
SHARD = re.compile(r"(?i)part|shard|chunk|\d+-of-\d+")
SAMPLES: Mapping[Role, str] = {"image": "images", "audio": "sounds"}
FLAT: Mapping[Role, str] = {"image": "flat-images", "audio": "flat-audio"}
CLASS_KINDS: tuple[tuple[str, Role], ...] = (
    ("image-folder", "image"),
    ("audio-folder", "audio"),
    ("text-folder", "text"),
)


def look_into(listing: Listing, name: str) -> Looked:
    """Return (kind, parts, detail) of a folder; `name` is what the user gave. Archives alone are
    kind "archives".
    """
    if not listing.entries:
        hidden = f" visible to read ({listing.ignored} hidden)" if listing.ignored else ""
        raise DataError(f"{name} is a folder without any file{hidden}. Give the folder with data.")
    if not listing.data:
        files = _names(listing.entries)
        raise DataError(
            f"{name} holds no data known here, only {files}. Expected tables, class folders of "
            "images or texts, IDX, .ts or .npz."
        )
    listing = _descended(listing)
    found = _pick(listing, name)
    if found is None:
        raise DataError(
            f"{name} holds {len(listing.data):,} files that make no data set known here "
            f"({_names(listing.data)}). Expected one "
            "table, train and test tables, or a folder for each class; give one file as SOURCE."
        )
    kind, parts, detail = found
    return kind, parts, {"ignored": listing.ignored, **detail}


def _descended(listing: Listing) -> Listing:
    """Go down while all data lies in a single folder, as in archives of one folder."""
    while True:
        tops = {entry.below[:1] for entry in listing.data}
        if len(tops) != 1 or tops == {()}:
            return listing
        (top,) = tops.pop()
        listing = listing.below(top)


def _pick(listing: Listing, name: str) -> Looked | None:
    data = listing.data
    roles = {entry.role for entry in data}
    if "idx" in roles:
        return _idx(listing.of("idx"), name)
    clips: tuple[Role, ...] = ("npy", "npz")
    for role in clips:
        if len(listing.of(role)) * 2 >= len(data):
            found = _classes(listing, "video-folder", role, name)
            if found is not None:
                return found
    if roles == {"npy"}:
        return "flat-clips", {"all": (listing.root,)}, {"files": len(data)}
    arrays: tuple[Role, ...] = ("ts", "npz")
    for array in arrays:
        if array in roles:
            return _named_splits(listing.of(array), array, name)
    marked = _boxes(listing, name)
    if marked is not None:
        return marked
    graph = _graph(listing)
    if graph is not None:
        return graph
    transcribed = _transcribed(listing, name)
    if transcribed is not None:
        return transcribed
    for kind, role in CLASS_KINDS:
        if len(listing.of(role)) * 2 >= len(data):
            found = _classes(listing, kind, role, name)
            if found is not None:
                return found
    if listing.of("conll"):
        return _named_splits(listing.of("conll"), "conll", name)
    pair = _line_pair(listing)
    if pair is not None:
        return pair
    if listing.of("table"):
        return _tables(listing, name)
    if roles == {"archive"}:
        return "archives", {"all": tuple(entry.path for entry in data)}, {}
    return _texts(listing, name)


# Folders of folders.


def _classes(listing: Listing, kind: str, role: Role, name: str) -> Looked | None:
    """Recognise class folders, below folders of splits or not; images alone may also be flat or
    have masks.
    """
    samples = listing.of(role)
    splits = _split_folders(samples)
    views = {s: listing.below(folder) for s, folder in splits.items()} or {"all": listing}
    if len(views) == 1:
        views = {"all": next(iter(views.values()))}
    roots = {split: (view.root,) for split, view in views.items()}
    if role == "image":
        masks = {split: _mask_pair(view) for split, view in views.items()}
        if all(masks.values()):
            return "image-masks", {s: pair for s, pair in masks.items() if pair}, {}
    classes: dict[str, set[str]] = {}
    for split, view in views.items():
        inside = [entry for entry in view.of(role) if entry.below]
        classes[split] = {"/".join(entry.below) for entry in inside}
        if len(inside) < 0.9 * len(view.of(role)):
            classes[split] = set()
    known = sorted(set().union(*classes.values()))
    detail: dict[str, Any] = {"files": len(samples)}
    if not any(len(of_split) > 1 for of_split in classes.values()) or not all(classes.values()):
        if role in FLAT and not any(classes.values()):
            return FLAT[role], roots, detail
        if role in FLAT:
            raise DataError(
                f"{name} has {len(known)} class folder{'s' * (len(known) != 1)} of {SAMPLES[role]} "
                f"({', '.join(known[:5])}). Expected at "
                "least two, in every split: one folder for each class."
            )
        return None
    _check_splits_on_top(known, name)
    read = {entry.path for view in views.values() for entry in view.of(role) if entry.below}
    left = [entry.path.name for entry in listing.entries if entry.path not in read]
    detail |= {"classes": known, "left_out": left}
    if empty := [folder for view in views.values() for folder in view.folders_without(role)]:
        detail["empty"] = empty
    return kind, roots, detail


def _transcribed(listing: Listing, name: str) -> Looked | None:
    """Recognise a table that names the sounds beside it, or one for each split."""
    sounds = listing.of("audio")
    if len(sounds) * 2 < len(listing.data):
        return None
    names = {part for e in sounds for part in (e.path.name, e.path.stem)}
    enough = min(len(sounds), NAMED_SOUNDS)
    tables = [
        entry
        for entry in listing.of("table", "text")
        if len(names & set(_words_of(entry.path))) >= enough
    ]
    if not tables:
        return None
    splits = {split_of("/".join((*e.below, e.path.name))): e for e in tables}
    if len(tables) > 1 and (None in splits or len(splits) < len(tables)):
        raise _several(name, [entry.path for entry in tables], "tables of sounds")
    parts = {}
    for split, table in splits.items():
        near = any(sound.below[: len(table.below)] == table.below for sound in sounds)
        folder = table.path.parent if near else listing.root
        parts[str(split) if len(tables) > 1 else "all"] = (table.path, folder)
    left = [e.path.name for e in listing.data if e.role != "audio" and e not in tables]
    detail = {"files": len(sounds), "left_out": left}
    return "audio-transcripts", _ordered(parts), detail


def _words_of(path: Path) -> list[str]:
    """Return what stands between separators at the beginning of a file."""
    return re.split(r"[\s,;|\"'/\\]+", first_bytes(path).decode("utf-8", "replace"))


def _split_folders(samples: list[Entry]) -> dict[str, str]:
    """Return split -> folder when every folder at the top is one of a split."""
    tops = sorted({entry.below[0] for entry in samples if entry.below})
    loose = sum(not entry.below for entry in samples)
    splits = {split_of(top): top for top in tops}
    if not tops or None in splits or len(splits) < len(tops) or loose > 0.1 * len(samples):
        return {}
    return {split: splits[split] for split in SPLITS if split in splits}


def _check_splits_on_top(classes: list[str], name: str) -> None:
    """Refuse splits inside of classes, which would be taken for classes of their own."""
    nested = [one for one in classes if any(_is_split_word(part) for part in one.split("/"))]
    if len(nested) * 2 > len(classes):
        raise DataError(
            f"{name} has folders of splits inside other folders ({', '.join(nested[:4])}, ...). "
            "Expected train/ and test/ at "
            "the top and a folder for each class below them; give one of the inner folders or "
            "move them."
        )


def _is_split_word(part: str) -> bool:
    return split_of(part) is not None and re.fullmatch(r"[A-Za-z]+", part) is not None


def _mask_pair(listing: Listing) -> tuple[Path, Path] | None:
    tops = {entry.below[0].lower(): entry.below[0] for entry in listing.of("image") if entry.below}
    images, masks = tops.keys() & IMAGE_FOLDERS, tops.keys() & MASK_FOLDERS
    if len(tops) != 2 or len(images) != 1 or len(masks) != 1:
        return None
    return listing.root / tops[images.pop()], listing.root / tops[masks.pop()]


def _boxes(listing: Listing, name: str) -> Looked | None:
    """Recognise images with files that say where things are in them, one or one for each split."""
    if not listing.of("image"):
        return None
    marks = [entry for entry in listing.of("table") if _says_boxes(entry.path)]
    if not marks:
        return _yolo(listing)
    if len(marks) == 1:
        return "image-boxes", {"all": (marks[0].path, listing.root)}, {}
    parts = {split_of("/".join((*one.below, one.path.name))): one.path for one in marks}
    if None in parts or len(parts) < len(marks):
        raise _several(name, [entry.path for entry in marks], "files of boxes")
    return "image-boxes", _ordered({str(s): (p, listing.root) for s, p in parts.items()}), {}


def _says_boxes(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix == ".json":
        return is_coco(path)
    if suffix not in (".csv", ".tsv"):
        return False
    return bool(box_columns(find_layout(path).header.names))


def _yolo(listing: Listing) -> Looked | None:
    """Recognise images/ and labels/ with a text for a picture, a folder for each split in or above
    them or not."""
    texts = {entry.path for entry in listing.entries if entry.path.suffix.lower() == ".txt"}
    folders: dict[Path, bool] = {}
    for entry in listing.of("image"):
        if "images" in map(str.lower, entry.path.relative_to(listing.root).parts[:-1]):
            label = label_folder(entry.path.parent) / f"{entry.path.stem}.txt"
            folders[entry.path.parent] = folders.get(entry.path.parent, False) or label in texts
    found = [folder for folder, labelled in folders.items() if labelled]
    if len(found) == 1:
        return "image-boxes", {"all": (found[0], listing.root)}, {}
    splits = {split_of("/".join(f.relative_to(listing.root).parts)): f for f in found}
    if not found or None in splits or len(splits) < len(found):
        return None
    return "image-boxes", _ordered({str(s): (f, listing.root) for s, f in splits.items()}), {}


# Files with names that say what they are.


def _idx(entries: list[Entry], name: str) -> Looked:
    """Pair images and labels: train-images-idx3-ubyte with train-labels-idx1-ubyte."""
    parts: dict[str, dict[str, Path]] = defaultdict(dict)
    for entry in entries:
        what = "labels" if re.search(r"(?i)label|idx1", entry.path.name) else "images"
        split = split_of(entry.path.name) or "all"
        if what in parts[split]:
            raise _several(name, [e.path for e in entries], "IDX files")
        parts[split][what] = entry.path
    pairs = {
        split: tuple(pair[what] for what in ("images", "labels") if what in pair)
        for split, pair in parts.items()
    }
    odd = [split for split, pair in pairs.items() if len(pair) != 2]
    if odd:
        raise DataError(
            f"{name}: the IDX files of {odd[0]!r} are {', '.join(p.name for p in pairs[odd[0]])}. "
            "Expected one of images and one "
            "of labels, such as train-images-idx3-ubyte and train-labels-idx1-ubyte."
        )
    return "idx", _ordered(pairs), {}


def _named_splits(entries: list[Entry], role: Role, name: str) -> Looked:
    """One file, or one for each split."""
    files = [entry.path for entry in entries]
    if len(files) == 1:
        return role, {"all": (files[0],)}, {}
    splits = {split_of(file.name): file for file in files}
    stems = {re.sub(r"(?i)[_.-]?(train|test)$", "", file.stem) for file in files}
    if None in splits or len(splits) < len(files) or (role == "ts" and len(stems) > 1):
        raise _several(name, files, f"{role} files")
    return role, _ordered({str(split): (file,) for split, file in splits.items()}), {}


def _graph(listing: Listing) -> Looked | None:
    """Recognise nodes.csv and edges.csv, graphs.csv beside them or not, and a text of graphs."""
    tables = {entry.path.stem.lower(): entry.path for entry in listing.of("table", "text")}
    if {"nodes", "edges"} <= tables.keys():
        names = [name for name in ("nodes", "edges", "graphs") if name in tables]
        return "graph", {"all": tuple(tables[name] for name in names)}, {}
    top = [entry.path for entry in listing.of("table", "text") if not entry.below]
    texts = [path for path in top if len(top) <= FEW_TEXTS and is_graph_text(path)]
    if len(texts) != 1:
        return None
    left = [entry.path.name for entry in listing.data if entry.path != texts[0]]
    return "graph", {"all": (texts[0],)}, {"left_out": left}


def _line_pair(listing: Listing) -> Looked | None:
    """Recognise train.en and train.de: the same stems with the same two endings."""
    texts = [entry.path for entry in listing.entries if entry.role in ("text", "table", "conll")]
    endings: dict[str, dict[str, Path]] = defaultdict(dict)
    for path in texts:
        stem, language = language_of(path.name)
        if language:
            endings[stem][language] = path
    languages = {tuple(sorted(found)) for found in endings.values()}
    if len(languages) != 1 or len(languages.copy().pop()) != 2 or len(texts) != 2 * len(endings):
        return None
    if NO_LANGUAGES & set(languages.copy().pop()):
        return None
    pairs = {stem: tuple(found[one] for one in sorted(found)) for stem, found in endings.items()}
    detail = {"languages": languages.pop()}
    if len(pairs) == 1:
        return "line-pair", {"all": next(iter(pairs.values()))}, detail
    splits = {split_of(stem): pair for stem, pair in pairs.items()}
    if None in splits or len(splits) < len(pairs):
        return None
    return "line-pair", _ordered({str(s): pair for s, pair in splits.items()}), detail


def _texts(listing: Listing, name: str) -> Looked | None:
    """Files of text at the top: one corpus, one for each split, or <class>.txt with a sample a
    line.
    """
    texts = [entry.path for entry in listing.of("text") if not entry.below]
    if not texts or len(texts) < len(listing.of("text")):
        return None
    if len(texts) == 1:
        return "corpus", {"all": (texts[0],)}, {}
    splits = {split_of(text.name): text for text in texts}
    if None not in splits and len(splits) == len(texts):
        return "corpus", _ordered({str(s): (text,) for s, text in splits.items()}), {}
    classes = [text.name.removesuffix(".gz").removesuffix(text.suffix) for text in texts]
    left = [entry.path.name for entry in listing.entries if entry.path not in texts]
    return "text-lines", {"all": tuple(texts)}, {"classes": classes, "left_out": left}


def _tables(listing: Listing, name: str) -> Looked:
    """One table, one for each split, or one table in numbered pieces."""
    entries = listing.of("table")
    files = [entry.path for entry in entries]
    if len(files) == 1:
        return "table", {"all": (files[0],)}, {}
    by_split: dict[str | None, list[Path]] = defaultdict(list)
    for entry in entries:
        by_split[split_of("/".join((*entry.below, entry.path.name)))].append(entry.path)
    rest = by_split.pop(None, [])
    if "train" in by_split or len(by_split) > 1:
        for split, pieces in by_split.items():
            if len(pieces) > 1 and not _are_pieces(pieces):
                raise _several(name, files, f"tables, {len(pieces)} of them for {split}")
        parts = {str(split): tuple(pieces) for split, pieces in by_split.items()}
        detail = {"not_read": tuple(file.name for file in rest)} if rest else {}
        if list(parts) == ["train"] and rest:
            raise _several(name, files, "tables")
        if list(parts) == ["train"]:
            return "table", {"all": parts["train"]}, detail
        return "table", _ordered(parts), detail
    if _are_pieces(files):
        return "table", {"all": tuple(files)}, {"pieces": len(files)}
    raise _several(name, files, "tables")


def _are_pieces(files: list[Path]) -> bool:
    """Tell whether files are numbered pieces of one table: their names differ in numbers only,
    their columns not at all.
    """
    patterns = {re.sub(r"\d+", "#", file.name) for file in files}
    if len(patterns) > 1 or not SHARD.search(files[0].name):
        return False
    return len({_columns_of(file) for file in files}) == 1


def _columns_of(file: Path) -> tuple[str, ...]:
    content = sniff_content(file)
    if content == "parquet":
        return tuple(pq.read_schema(file).names)
    return find_layout(file).header.names if content == "text" else (content,)


def _ordered(parts: Mapping[str, tuple[Path, ...]]) -> Parts:
    """Return the splits in their usual order."""
    return {split: parts[split] for split in ("all", *SPLITS) if split in parts}


def _several(name: str, files: list[Path], what: str) -> DataError:
    root = Path(os.path.commonpath([file.parent for file in files]))
    shown = ", ".join(file.relative_to(root).as_posix() for file in files[:8])
    more = f" and {len(files) - 8:,} more" if len(files) > 8 else ""
    return DataError(
        f"{name} holds {len(files):,} {what}: {shown}{more}. Expected one data set: give one file "
        "as SOURCE (and the test "
        "data with --test), or name them train and test."
    )


def _names(entries: "tuple[Entry, ...] | list[Entry]") -> str:
    shown = ", ".join(entry.path.name for entry in entries[:5])
    return shown + (f" and {len(entries) - 5:,} more" if len(entries) > 5 else "")

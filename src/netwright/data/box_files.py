"""Files that say where things are in pictures: COCO's annotations.json, a table of boxes, or YOLO's
text a picture.

COCO: Lin et al. 2014, arXiv:1405.0312; a box is left, top, width, height in pixels. Table: a row a
box with its picture and its corners; a row without corners is a picture that holds nothing. YOLO: a
line a box, its class and its centre, width and height as shares of the picture's; no text, no
boxes.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from netwright.data.formats.tables import read_table
from netwright.data.ledger import Ledger
from netwright.data.listing import list_folder
from netwright.data.named_pictures import NamedPictures
from netwright.data.sniff import first_bytes
from netwright.errors import DataError, did_you_mean

__all__ = ["CORNERS", "Marked", "box_columns", "is_coco", "label_folder", "read_marked"]

CORNERS = ("x1", "y1", "x2", "y2")
# What the columns of a table of boxes are called, all in lower case.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "image": ("image", "picture", "filename", "file_name", "file", "path", "image_path", "img"),
    "x1": ("x1", "xmin", "x_min", "left"),
    "y1": ("y1", "ymin", "y_min", "top"),
    "x2": ("x2", "xmax", "x_max", "right"),
    "y2": ("y2", "ymax", "y_max", "bottom"),
    "class": ("class", "label", "category", "class_name", "name", "prediction"),
}
NAMES = ("classes.txt", "obj.names", "names.txt")  # of YOLO's class numbers, one a line
_COCO = re.compile(rb'"(?:images|annotations|categories)"\s*:\s*\[')
_LINE = re.compile(r"\d+(?:\s+[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?){4}")
SHOWN = 5


@dataclass
class Marked:
    """A picture and its boxes (left, top, right, bottom), each with its class. relative: the boxes
    are shares of width and height, not pixels. size: height and width as the file says."""

    file: Path
    relative: bool = False
    size: tuple[int, int] | None = None
    classes: list[str] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)

    def add(self, name: str, corners: Sequence[float]) -> None:
        """Add a box."""
        left, top, right, bottom = (float(value) for value in corners)
        self.classes.append(name)
        self.boxes.append((left, top, right, bottom))


def is_coco(path: Path) -> bool:
    """Whether a JSON file begins as COCO's annotations do."""
    return _COCO.search(first_bytes(path)) is not None


def box_columns(names: Sequence[str]) -> dict[str, str]:
    """Return what a table's own columns mean, {"image": "filename", ...}; {} where it is no table
    of boxes."""
    own = {name.strip().lower(): name for name in names}
    found = {
        meaning: own[next(word for word in words if word in own)]
        for meaning, words in COLUMNS.items()
        if any(word in own for word in words)
    }
    return found if len(found) == len(COLUMNS) else {}


def label_folder(pictures: Path) -> Path:
    """Return where YOLO keeps the labels of a folder of pictures: labels/ in place of images/."""
    parts = list(pictures.parts)
    at = max(place for place, part in enumerate(parts) if part.lower() == "images")
    parts[at] = "labels"
    return Path(*parts)


def read_marked(source: Path, root: Path, ledger: Ledger) -> list[Marked]:
    """Return the pictures of a file of boxes, or of YOLO's folder of pictures. root: where its
    pictures may lie."""
    if source.is_dir():
        return list(_yolo(source, root, ledger))
    found = NamedPictures(source, root)
    marked = _coco(source, found) if is_coco(source) else _table(source, found, ledger)
    if found.missing:
        what = f"pictures of {source.name} that are not there: {_shown(found.missing)}"
        ledger.note("dropped", source.name, what, len(found.missing))
    if not marked:
        raise DataError(
            f"None of the pictures that {source.name} names is in {root.name}/: "
            f"{_shown(found.missing) or 'it names none'}. Put them beside it."
        )
    unmarked = len(found.files) - len({one.file for one in marked})
    if unmarked and len(found.marks) == 1:
        what = f"pictures that {source.name} does not name are left out"
        ledger.note("dropped", root.name, what, unmarked)
    return marked


def _coco(source: Path, found: NamedPictures) -> list[Marked]:
    value = _read_json(source)
    parts: dict[str, list[Any]] = {}
    for name in ("images", "annotations", "categories"):
        part = value.get(name) if isinstance(value, dict) else None
        if not isinstance(part, list):
            raise DataError(
                f"{source.name} has no list {name!r}; expected COCO's JSON with images, "
                "annotations and categories. Export it again as COCO."
            )
        parts[name] = part
    _check_ids(source, parts)
    names = {one["id"]: str(one["name"]) for one in _entries(source, parts, "categories", "name")}
    by_id: dict[Any, Marked | None] = {}
    for one in _entries(source, parts, "images", "file_name"):
        file = found.find(str(one["file_name"]))
        size = (one["height"], one["width"]) if {"height", "width"} <= one.keys() else None
        by_id[one["id"]] = None if file is None else Marked(file, size=size)
    entries = _entries(source, parts, "annotations", "image_id", "category_id", "bbox")
    for number, one in enumerate(entries):
        where = f"{source.name}, annotation {number + 1}"
        if one["image_id"] not in by_id or one["category_id"] not in names:
            kind = "image" if one["image_id"] not in by_id else "category"
            raise DataError(
                f"{where} is of the {kind} {one[f'{kind}_id']!r}, which the file does not list. "
                f"Expected an id of its {'images' if kind == 'image' else 'categories'}."
            )
        picture = by_id[one["image_id"]]
        if picture is None:
            continue
        left, top, width, height = _numbers(one["bbox"], where)
        name = CROWD if one.get("iscrowd") else names[one["category_id"]]
        picture.add(name, (left, top, left + width, top + height))
    return [one for one in by_id.values() if one is not None]


CROWD = "\0crowd"  # a region of many things that are not told apart; it is left out


def _entries(
    source: Path, parts: Mapping[str, list[Any]], part: str, *keys: str
) -> Iterator[dict[str, Any]]:
    needed = keys if part == "annotations" else ("id", *keys)
    for number, one in enumerate(parts[part]):
        lacking = [key for key in needed if not isinstance(one, dict) or key not in one]
        if lacking:
            raise DataError(
                f"{source.name}: entry {number + 1} of {part!r} has no {lacking[0]!r}; expected "
                f"{', '.join(needed)}. Export it again as COCO."
            )
        yield one


def _check_ids(source: Path, parts: Mapping[str, list[Any]]) -> None:
    """Refuse ids that are no numbers or words: nothing could be looked up by them."""
    for part, entries in parts.items():
        for number, one in enumerate(entries):
            for key in ("id", "image_id", "category_id"):
                value = one.get(key, 0) if isinstance(one, dict) else 0
                if not isinstance(value, int | str):
                    raise DataError(
                        f"{source.name}: entry {number + 1} of {part!r} has the {key} {value!r}; "
                        "expected a number or a word."
                    )


def _numbers(box: Any, where: str) -> list[float]:
    if isinstance(box, list) and len(box) == 4 and all(isinstance(v, int | float) for v in box):
        return [float(v) for v in box]
    raise DataError(
        f"{where} has the bbox {str(box)[:60]}; expected four numbers: left, top, width, height."
    )


def _read_json(source: Path) -> Any:
    try:
        return json.loads(source.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise DataError(
            f"{source}, line {error.lineno}, character {error.colno}: {error.msg}. Mend that place "
            "or export the file again."
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{source} is not UTF-8, as JSON has to be. Export it again.") from error


def _table(source: Path, found: NamedPictures, ledger: Ledger) -> list[Marked]:
    frame = read_table(source, ledger, expect=[words[0] for words in COLUMNS.values()])
    columns = box_columns([str(name) for name in frame.columns])
    if not columns:
        names = [str(name) for name in frame.columns]
        own = {name.strip().lower() for name in names}
        lacking = next(key for key, words in COLUMNS.items() if not own & {*words})
        raise DataError(
            f"{source.name} has no column {lacking!r}.{did_you_mean(lacking, names)} Expected "
            f"{', '.join(COLUMNS)}."
        )
    corners = np.stack(
        [pd.to_numeric(frame[columns[c]], errors="coerce").to_numpy(float) for c in CORNERS], 1
    )
    named = frame[columns["class"]]
    known = named.notna().to_numpy() & (named.astype(str).str.strip() != "").to_numpy()
    empty = np.isnan(corners).all(1) & ~known
    partly = (np.isnan(corners).any(1) | ~known) & ~empty
    if partly.any():
        what = f"rows without four corners and a class, the first is row {int(partly.argmax()) + 1}"
        ledger.note("dropped", source.name, what, int(partly.sum()))
    by_file: dict[str, Marked | None] = {}
    rows = zip(frame[columns["image"]].astype(str), corners, map(_word, named), strict=True)
    for at, (name, box, kind) in enumerate(rows):
        if name not in by_file:
            file = found.find(name)
            by_file[name] = None if file is None else Marked(file)
        picture = by_file[name]
        if picture is not None and not empty[at] and not partly[at]:
            picture.add(kind, box)
    return [one for one in by_file.values() if one is not None]


def _word(value: Any) -> str:
    """Spell a class; of whole numbers an empty cell beside them makes floats."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value).strip()


def _yolo(pictures: Path, root: Path, ledger: Ledger) -> Iterator[Marked]:
    names = _class_names(root)
    labels = label_folder(pictures)
    alone = set(labels.rglob("*.txt")) - {labels / name for name in NAMES}
    for entry in list_folder(pictures).of("image"):
        marked = Marked(entry.path, relative=True)
        text = labels.joinpath(*entry.below, f"{entry.path.stem}.txt")
        alone.discard(text)
        lines = _text(text).splitlines() if text.is_file() else []
        for number, line in enumerate(lines):
            if not line.strip():
                continue
            if not _LINE.fullmatch(line.strip()):
                raise DataError(
                    f"{text.parent.name}/{text.name}, line {number + 1} is {line.strip()[:60]!r}; "
                    "expected a class number and four shares: centre x, centre y, width, height."
                )
            kind, x, y, width, height = line.split()
            centre = (float(x), float(y), float(width) / 2, float(height) / 2)
            marked.add(names.get(int(kind), kind), _corners(*centre))
        yield marked
    if alone:
        shown = _shown(dict.fromkeys(sorted(path.name for path in alone)))
        ledger.note("dropped", labels.name, f"texts without a picture: {shown}", len(alone))


def _corners(x: float, y: float, half_width: float, half_height: float) -> tuple[float, ...]:
    return x - half_width, y - half_height, x + half_width, y + half_height


def _class_names(root: Path) -> dict[int, str]:
    """Return the names of YOLO's class numbers, of a text with one a line or of data.yaml."""
    for name in NAMES:
        if (root / name).is_file():
            lines = _text(root / name).split("\n")
            return {at: line.strip() for at, line in enumerate(lines) if line.strip()}
    for name in ("data.yaml", "data.yml"):
        if (root / name).is_file():
            return _yaml_names(root / name)
    return {}


def _yaml_names(file: Path) -> dict[int, str]:
    """Return the names of class numbers in YOLO's data.yaml: a list, or numbers and their names."""
    try:
        held = yaml.safe_load(_text(file)) or {}
    except yaml.YAMLError as error:
        problem = str(error).replace("\n", " ")
        raise DataError(f"{file.name} is no YAML: {problem}. Mend it, or take it out.") from error
    names = (held.get("names") or {}) if isinstance(held, dict) else held
    pairs = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(pairs, dict) or not all(str(at).isdecimal() for at in pairs):
        raise DataError(
            f"{file.name} has the names {str(names)[:60]!r}; expected a list of names, or a number "
            "and a name for each class."
        )
    return {int(at): str(one) for at, one in pairs.items()}


def _text(file: Path) -> str:
    """Return the text of a small file beside pictures, which is written by a program."""
    return file.read_text(encoding="utf-8-sig", errors="replace")


def _shown(names: Mapping[str, None]) -> str:
    listed = list(names)
    return ", ".join(listed[:SHOWN]) + (", ..." if len(listed) > SHOWN else "")

"""Pairs of a picture and its mask: files of the same name in two folders, whatever their
suffix."""

import re
from collections.abc import Iterable
from pathlib import Path

from netwright.data.ledger import Ledger
from netwright.data.listing import list_folder
from netwright.errors import DataError

__all__ = ["pair_masks"]

# cat_12_mask.png belongs to cat_12.jpg.
_ENDING = re.compile(r"(?i)[_\-. ](mask|masks|label|labels|gt|seg|segmentation|annotation)$")
SHOWN = 5


def pair_masks(pictures: Path, masks: Path, ledger: Ledger) -> list[tuple[Path, Path]]:
    """Return (picture, mask) of all that have both, sorted by name. Pictures without a mask and
    masks without a picture go to the ledger by name; DataError where no name fits."""
    first, second = _by_name(pictures), _by_name(masks)
    if not first.keys() & second.keys():
        second = {_ENDING.sub("", name): file for name, file in second.items()}
    both = sorted(first.keys() & second.keys(), key=_natural)
    if not both:
        raise DataError(
            f"No picture in {pictures.name}/ ({_shown(first)}) has a mask of its name in "
            f"{masks.name}/ ({_shown(second)}). Expected the same file names in both, whatever "
            "their suffix."
        )
    for name, files, lacking in (
        (pictures.name, first, "pictures without a mask"),
        (masks.name, second, "masks without a picture"),
    ):
        alone = [files[stem].name for stem in sorted(files.keys() - set(both), key=_natural)]
        if alone:
            ledger.note("dropped", name, f"{lacking} left out: {_shown(alone)}", len(alone))
    return [(first[name], second[name]) for name in both]


def _by_name(folder: Path) -> dict[str, Path]:
    """Map each picture's name, without its suffix but with the folders between, to its file."""
    found: dict[str, Path] = {}
    for entry in list_folder(folder).of("image"):
        name = "/".join((*entry.below, entry.path.stem))
        if name in found:
            raise DataError(
                f"{folder.name}/ holds two pictures named {name!r}: {found[name].name} and "
                f"{entry.path.name}. Expected one; take the other out."
            )
        found[name] = entry.path
    return found


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort "9" before "10"."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def _shown(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:SHOWN]) + (", ..." if len(listed) > SHOWN else "") or "none"

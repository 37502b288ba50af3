"""NamedPictures: the pictures below a folder, found by what a file beside them calls them."""

from collections import defaultdict
from pathlib import Path

from netwright.data.listing import list_folder, split_of
from netwright.errors import DataError

__all__ = ["NamedPictures"]


class NamedPictures:
    """The pictures below a folder, found by what a file of boxes calls them. missing: names that
    are not there. marks: the files of boxes in the folder."""

    def __init__(self, source: Path, root: Path) -> None:
        self.source, self.root = source, root
        listing = list_folder(root)
        self.files = [entry.path for entry in listing.of("image")]
        self.marks = [e.path for e in listing.of("table") if e.path.suffix == source.suffix]
        self.by_name: dict[str, list[Path]] = defaultdict(list)
        for path in self.files:
            self.by_name[path.name].append(path)
        self.missing: dict[str, None] = {}

    def find(self, name: str) -> Path | None:
        """Return the picture of a name; DataError where it may be several."""
        relative = Path(name.replace("\\", "/"))
        if not relative.is_absolute():
            for folder in (self.source.parent, self.root):
                if (folder / relative).is_file():
                    return folder / relative
        found = self.by_name.get(relative.name, [])
        if len(found) > 1:
            split = split_of("/".join(self.source.relative_to(self.root).parts))
            same = [p for p in found if split_of("/".join(p.relative_to(self.root).parts)) == split]
            found = [p for p in same or found if p.parts[-2:] == relative.parts[-2:]] or same
        if len(found) > 1:
            raise DataError(
                f"{self.source.name} names the picture {name!r}, and {self.root.name}/ holds "
                f"{len(found)} of that name. Name it with its folder."
            )
        if not found:
            self.missing[name] = None
        return found[0] if found else None

"""read(source): a file, a folder, an archive or a built-in name becomes Data."""

from netwright.data.options import ReadOptions

__all__ = ["ReadOptions"]

"""Which character encoding a text file is written in, decided by evidence and never by the locale.

A byte-order mark is believed. NUL bytes on every other place mean UTF-16. A file that decodes as
UTF-8 from end to end is UTF-8. Otherwise each legacy encoding that decodes without error is scored
by how plausible its non-ASCII characters are where they stand: frequent letters of its script,
words that keep their case, runs as long as the script makes them (an accented letter stands alone
in a Latin word, Cyrillic and Chinese characters stand together). The idea is that of Li and Momoi,
"A composite approach to language/encoding detection" (2001), with letter sets in place of trained
tables.
"""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from netwright.errors import DataError

__all__ = ["Charset", "decode_bytes", "open_text", "sniff_bytes", "sniff_charset"]

CHUNK_BYTES = 1 << 24
SAMPLE_BYTES = 1 << 20
MAX_CHARACTERS = (
    10_000  # non-ASCII characters that are scored: enough for any language, bounded in time
)

BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# Letters that are frequent in the languages written with each single-byte encoding (others of the
# script count less).
ALPHABETS = {
    "cp1252": "éèêëàâäáãåæçíîïñóôöøõúüûßœÉÖÄÜÅØÀÇÑÁ",
    "cp1250": "ąćęłńóśźżčďěňřšťůžýáéíöőüűŁŚŻČŘŠŽ",
    "cp1251": "оеаинтсрвлкмдпуяыьбзгчй",
    "koi8-r": "оеаинтсрвлкмдпуяыьбзгчй",
    "cp1253": "αοιετσνηυρπκλςάόίέήύμ",
    "cp1254": "ğışöüçİŞÖÜÇâ",
    "cp1255": "אבגדהוזחטיכלמנסעפצקרשתםןךףץ",
    "cp1256": "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإ",
    "cp850": "éèêëàâäáåæçíîïñóôöøúüûßÉÖÄÜ",
    "mac_roman": "éèêëàâäáåæçíîïñóôöøúüûßÉÖÄÜ’“”–",
}
LATIN = frozenset({"cp1252", "cp1250", "cp1254", "cp850", "mac_roman"})

# Lead bytes of the frequent characters of each multi-byte encoding (level 1 of its standard, and
# its kana).
FREQUENT_LEADS = {
    "cp932": (*range(0x82, 0x84), *range(0x88, 0x98)),
    "euc_jp": (0xA4, 0xA5, *range(0xB0, 0xD0)),
    "cp949": tuple(range(0xB0, 0xC9)),
    "gb18030": tuple(range(0xB0, 0xD8)),
    "big5": tuple(range(0xA4, 0xC7)),
}

_RUN = re.compile(r"([^\x00-\x7f]+)")
_CONTROL = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 26, 27})


@dataclass(frozen=True)
class Charset:
    """`name` is Python's codec. `why` is the evidence in words. `errors` is "replace" for UTF-8
    with damaged bytes.
    """

    name: str
    why: str
    errors: str = "strict"

    @property
    def plain(self) -> bool:
        """Whether the bytes are UTF-8 as they stand."""
        return self.name in ("utf-8", "utf-8-sig") and self.errors == "strict"


def sniff_charset(path: Path) -> Charset:
    """Decide the encoding of a whole file, read in chunks. A file that is not text raises
    DataError.
    """
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
        early = _by_marks(sample, str(path))
        if early is not None and early.name != "utf-8-sig":
            return early
        offset = _first_invalid(sample, iter(lambda: file.read(CHUNK_BYTES), b""))
        if offset is None:
            return early or Charset("utf-8", "valid UTF-8 from end to end")
        # The evidence is where the bytes are not UTF-8: a piece from a line before the first of
        # them.
        file.seek(max(0, offset - SAMPLE_BYTES))
        piece = file.read(2 * SAMPLE_BYTES)
        if offset > SAMPLE_BYTES:
            piece = piece[piece.find(b"\n") + 1 :]
    return _by_letters(piece, offset, str(path))


def sniff_bytes(content: bytes, what: str) -> Charset:
    """Decide the encoding of bytes held in memory; `what` names them in the error."""
    early = _by_marks(content, what)
    if early is not None and early.name != "utf-8-sig":
        return early
    offset = _first_invalid(content, ())
    if offset is None:
        return early or Charset("utf-8", "valid UTF-8 from end to end")
    return _by_letters(content, offset, what)


def decode_bytes(content: bytes, what: str) -> tuple[str, Charset]:
    """Return the text of `content` and how it was decoded."""
    charset = sniff_bytes(content, what)
    return content.decode(charset.name, charset.errors), charset


def open_text(path: Path, charset: Charset) -> IO[str]:
    """Open a file with its line ends as they are, as the csv module wants it."""
    return path.open(encoding=charset.name, errors=charset.errors, newline="")


def _by_marks(sample: bytes, what: str) -> Charset | None:
    """Decide by byte-order mark and NUL bytes; refuse what is not text; None leaves it to the
    letters.
    """
    for bom, name in BOMS:
        if sample.startswith(bom):
            return Charset(name, "byte-order mark")
    if b"\0" in sample:
        half = len(sample) // 2
        high, low = sample[1::2].count(0) / max(half, 1), sample[0::2].count(0) / max(half, 1)
        for name, mine, other in (("utf-16-le", high, low), ("utf-16-be", low, high)):
            if mine > 0.3 and other < 0.05 and _decodes(sample[: half * 2], name):
                return Charset(name, f"no byte-order mark, {mine:.0%} of every second byte is NUL")
        raise DataError(
            f"{what} is not text: it holds NUL bytes (the first at byte {sample.index(0)}). "
            "Expected a text or table file; "
            "if it is a database, document or program, export the table as CSV or Parquet."
        )
    controls = sum(sample.count(bytes([byte])) for byte in _CONTROL)
    if controls > len(sample) / 100:
        raise DataError(
            f"{what} is not text: {controls:,} of its first {len(sample):,} bytes are control "
            "characters. "
            "Expected a text or table file; export the table as CSV or Parquet."
        )
    return None


def _first_invalid(first: bytes, rest: Iterable[bytes]) -> int | None:
    """Return the offset of the first byte that is not UTF-8, or None."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = 0
    try:
        decoder.decode(first)
        done = len(first)
        for chunk in rest:
            decoder.decode(chunk)
            done += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        # The decoder counts from the bytes it kept back of the chunk before: at most three too few.
        return done + error.start
    return None


def _decodes(content: bytes, name: str) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(content)
    except UnicodeDecodeError:
        return False
    return True


def _by_letters(piece: bytes, offset: int, what: str) -> Charset:
    """Choose the legacy encoding whose characters are most plausible where they stand."""
    start = f"not UTF-8 (byte 0x{piece[offset]:02x} at {offset:,})" if offset < len(piece) else ""
    start = start or f"not UTF-8 from byte {offset:,} on"
    repaired = piece.decode("utf-8", "replace")
    damaged = repaired.count("�")
    valid = sum(len(run) for run in _RUN.findall(repaired)) - damaged
    if damaged and valid >= 20 * damaged:
        # Legacy text hardly ever forms valid multi-byte sequences, so this is UTF-8 with a few
        # damaged bytes.
        why = (
            f"UTF-8 with damaged bytes (the first at {offset:,}), read as the replacement character"
        )
        return Charset("utf-8", why, "replace")
    lines = b"\n".join(x for x in re.split(rb"[\r\n]+", piece) if not x.isascii())
    scores = {name: _score(lines, name) for name in (*ALPHABETS, *FREQUENT_LEADS)}
    if b"\n" in piece:
        scores["mac_roman"] = None  # Mac files of that age end their lines with CR alone
    ranked = sorted(
        ((score, name) for name, score in scores.items() if score is not None), reverse=True
    )
    if not ranked or ranked[0][0] < -1.0:
        if not re.search(rb"[\x80-\x9f]", piece):
            return Charset("latin-1", f"{start}, no encoding stands out")
        raise DataError(
            f"{what} is {start} and in no encoding known here. Expected text: save it as UTF-8 "
            "and try again."
        )
    best = ranked[0][1]
    return Charset(
        best, f"{start}, best of {len(ranked)} encodings that fit by the letters it gives"
    )


def _score(content: bytes, name: str) -> float | None:
    """Return the mean plausibility of the non-ASCII characters, or None where the bytes do not
    decode.
    """
    try:
        text = codecs.getincrementaldecoder(name)().decode(content)
    except UnicodeDecodeError:
        return None
    total, count = 0.0, 0
    for match in _RUN.finditer(text):
        if count > MAX_CHARACTERS:
            break
        run = match.group()
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if name in FREQUENT_LEADS:
            total += _score_characters(run, before, after, name)
        else:
            total += _score_letters(run, before, after, name)
        count += len(run)
    if not count:
        return 0.0
    # On equal or little evidence the encoding most files are in: the others have to earn it.
    return total / count if name == "cp1252" else total / count - 0.15 - 1.5 / count


def _score_letters(run: str, before: str, after: str, name: str) -> float:
    frequent, latin = ALPHABETS[name], name in LATIN
    total = 0.0
    for at, char in enumerate(run):
        left = run[at - 1] if at else before
        right = run[at + 1] if at + 1 < len(run) else after
        if not char.isalpha():
            in_word = left.isalpha() and right.isalpha()
            odd = in_word or (not char.isprintable() and char != "\xa0")
            total += -1.0 if odd else 0.2
        elif char.isupper() and left.islower():
            total -= 1.0
        elif latin:
            total += -0.5 if len(run) > 2 else 1.0 if char in frequent else 0.3
        elif (left.isascii() and left.isalpha()) or (right.isascii() and right.isalpha()):
            total -= 1.5
        else:
            total += 1.0 if char in frequent else 0.3
    return total


def _score_characters(run: str, before: str, after: str, name: str) -> float:
    if len(run) == 1 and before.isalpha() and after.isalpha():
        return -2.0
    total = 0.0
    for char in run:
        coded = char.encode(name)
        if len(coded) == 2 and coded[0] in FREQUENT_LEADS[name]:
            total += 1.0
            # A Korean file is as plausible Chinese by its lead bytes, and a Japanese one too: the
            # scripts decide.
            total += 0.1 if "가" <= char <= "힣" or "ぁ" <= char <= "ヿ" else 0.0
        elif "\u3000" <= char <= "\u303f" or "\uff01" <= char <= "\uff5e":
            total += 0.6
        else:
            total += -0.4 if len(coded) == 2 and char.isalpha() else -1.0
    return total

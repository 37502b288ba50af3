"""One long text becomes Data for language modelling: windows of characters, each asked for the next
one.
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from netwright.data.data import Data, Rows, Source
from netwright.data.ledger import Ledger
from netwright.data.task import Task
from netwright.data.text_encoding import FIRST, TextEncoding
from netwright.errors import DataError

__all__ = ["corpus_data"]

# Characters a window: about three lines, and what a small net can use.
TIME = 128
# Characters rarer than one in a million say nothing a net could learn.
FEWEST_CHARACTERS = 1_000
MAX_CHARACTERS = 2_000


def corpus_data(parts: Mapping[str, str], *, source: Source, ledger: Ledger) -> Data:
    """Build Data from texts called "all", or some of "train", "validation" and "test".

    What is not given is cut off by position: of "all" the first 80 % train, the next 10 % validate
    and the last 10 % are the test; without a validation text the last 10 % of training.
    """
    texts = _split(parts, source, ledger)
    counts = Counter(texts["train"])
    vocabulary = tuple(sorted(c for c, _ in counts.most_common(MAX_CHARACTERS)))
    time = min(TIME, max(8, len(texts["validation"]) // 4))
    encoding = TextEncoding(level="character", vocabulary=vocabulary, length=time)
    ledger.note(
        "encoded", "text", f"{len(vocabulary)} different characters in training", len(vocabulary)
    )
    ledger.note("encoded", "text", f"windows of {time} characters, each asked for the one after it")
    splits = {}
    for name, text in texts.items():
        ids = _ids(text, encoding)
        unknown = int((ids == 1).sum())
        if unknown:
            ledger.note("encoded", name, "characters that training lacks, read as unknown", unknown)
        rows = (len(ids) - 1) // time
        if rows < 1:
            raise DataError(
                f"The {name} text of {source.name} holds {len(text):,} characters; at least "
                f"{time + 1} are needed to ask for the next one. Give a longer {name} text."
            )
        inputs = torch.from_numpy(ids[: rows * time].reshape(rows, time))
        targets = torch.from_numpy(ids[1 : rows * time + 1].reshape(rows, time).astype(np.int64))
        raw = [text[at * time : (at + 1) * time] for at in range(rows)]
        splits[name] = Rows(name, (inputs,), targets, raw, torch.arange(rows) * time)
    return Data(
        kind="text",
        task=Task(
            name="language-modelling",
            form="language-modelling",
            target="the next character",
            classes=("<padding>", "<unknown>", *vocabulary),
            outputs=len(vocabulary) + FIRST,
        ),
        encoding=encoding,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        source=source,
        ledger=ledger,
    )


def _split(parts: Mapping[str, str], source: Source, ledger: Ledger) -> dict[str, str]:
    pool = parts["all"] if "all" in parts else parts["train"]
    total = sum(len(text) for text in parts.values())
    if total < FEWEST_CHARACTERS:
        raise DataError(
            f"{source.name} holds {total:,} characters; a language model needs at least "
            f"{FEWEST_CHARACTERS:,}. Give a longer text."
        )
    texts = {name: parts[name] for name in ("validation", "test") if name in parts}
    missing = [name for name in ("test", "validation") if name not in texts]
    tenth = max(len(pool) // 10, 1)
    for name in missing:
        pool, texts[name] = pool[:-tenth], pool[-tenth:]
    if missing:
        ledger.note(
            "split",
            "text",
            f"by position: train the first {len(pool):,} characters, then "
            + ", then ".join(f"{name} {len(texts[name]):,}" for name in reversed(missing)),
        )
    return {"train": pool, "validation": texts["validation"], "test": texts["test"]}


def _ids(text: str, encoding: TextEncoding) -> NDArray[np.int32]:
    """Look up millions of characters at once, by their code points."""
    points = np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), dtype="<u4")
    table = np.ones(int(points.max(initial=0)) + 1, dtype=np.int32)
    for character, at in encoding.ids.items():
        if ord(character) < len(table):
            table[ord(character)] = at
    return table[points]

"""word2vec on wikitext-2 (valid and test) and 2,000 film reviews, beside gensim on the same words:
Spearman's rho on WordSim-353 and the seconds that training takes on one thread.

    python benchmarks/catalogue/words.py [--seeds 0] [--epochs 10] [--data ../shared/data]

A cell is (library, model, epochs, seed), in a process of its own; the two libraries are taken in
turn, and finished cells are kept in benchmarks/results/catalogue_words.json, so that an interrupted
table goes on. Both read the same lines of words, with a window of 5, 5 negatives, vectors of 100
and words of 5 occurrences or more. Reading is not timed; gensim's count of its vocabulary is, which
is a small part. gensim is looked for in benchmarks/.peers: pip install gensim there.
"""

import argparse
import json
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "results" / "catalogue_words.json"
CORPUS = HERE.parent / "cache" / "catalogue" / "words.txt"
PEERS = HERE.parent / ".peers" / "bin" / "python"


def write_corpus(data: Path) -> None:
    """Lay the two corpora into one file of lines."""
    if CORPUS.is_file():
        return
    texts = []
    folder = data / "language_modelling" / "wikitext2_valid_test"
    with zipfile.ZipFile(folder / "wikitext2_valid_test.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".txt"))
        texts += [archive.read(name).decode("utf-8") for name in names]
    reviews = data / "text_classification" / "imdb_polarity2000" / "review_polarity.tar.gz"
    with tarfile.open(reviews) as tar:
        members = sorted(tar.getmembers(), key=lambda member: member.name)
        for member in members:
            file = tar.extractfile(member) if "/cv" in member.name else None
            texts += [file.read().decode("latin-1")] if file is not None else []
    CORPUS.parent.mkdir(parents=True, exist_ok=True)
    CORPUS.write_text("\n".join(texts), encoding="utf-8")


class Said:
    """Tells of every epoch while a long cell runs."""

    def start(self, total_epochs: int, metric_name: str) -> None: ...

    def epoch(self, number: int, row: dict[str, float]) -> None:
        print(
            f"epoch {number}: {row}, {time.process_time():.0f} CPU s", file=sys.stderr, flush=True
        )

    def message(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def stop(self, reason: str, kept: int | None = None) -> None: ...


def ours(model: str, epochs: int, seed: int, pairs: Path) -> dict[str, Any]:
    """Train by the designer's plan, as `netwright train --task embedding --test PAIRS` does."""
    from netwright.data.read import read
    from netwright.evaluate.evaluate import evaluate
    from netwright.plan.design import design
    from netwright.train.fit import fit

    data = read(CORPUS, task="embedding", test=pairs, seed=seed)
    plan = design(data).with_({"objective.model": model})
    begun, cpu = time.monotonic(), time.process_time()
    run = fit(plan, data, seed=seed, epochs=epochs, num_threads=1, progress=Said())
    found = {"seconds": time.monotonic() - begun, "cpu_seconds": time.process_time() - cpu}
    rho = evaluate(run, data.test)["spearman"]
    return found | {"rho": rho.to_dict(), "pairs": len(data.test), "words": len(data.train)}


def theirs(model: str, epochs: int, seed: int, pairs: Path) -> dict[str, Any]:
    """Train gensim on the same words; lines that we hold out for validation are left out too."""
    import torch
    from gensim.models import Word2Vec

    from netwright.data.ledger import Ledger
    from netwright.data.read import read
    from netwright.data.word_encoding import WordEncoding
    from netwright.data.word_stream import PAIRS, WordStream, word_pair_rows
    from netwright.evaluate.word_scores import score_words

    data = read(CORPUS, task="embedding", test=pairs, seed=seed)
    stream, encoding = data.train, data.encoding
    assert isinstance(stream, WordStream) and isinstance(encoding, WordEncoding)
    ends = (stream.lines.diff() > 0).nonzero().squeeze(1) + 1
    words = ["", *encoding.vocabulary]
    lines = [[words[at] for at in line.tolist()] for line in stream.ids.tensor_split(ends)]
    begun, cpu = time.monotonic(), time.process_time()
    trained = Word2Vec(
        lines, vector_size=100, window=5, min_count=1, sg=int(model == "skip-gram"),
        negative=5, workers=1, epochs=epochs, seed=seed,
    )  # fmt: skip
    found = {"seconds": time.monotonic() - begun, "cpu_seconds": time.process_time() - cpu}
    rows = word_pair_rows(pairs, encoding, Ledger())
    assert rows.name == PAIRS
    cosines = [
        [float(trained.wv.similarity(words[a], words[b]))]
        for a, b in zip(*(x.tolist() for x in rows.inputs), strict=True)
    ]
    rho = score_words(torch.tensor(cosines), rows, data.task)["spearman"]
    return found | {"rho": rho.to_dict(), "pairs": len(rows), "words": len(stream)}


def read_table() -> dict[str, Any]:
    """Return the cells that are done."""
    return json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--models", nargs="+", default=["skip-gram"])
    parser.add_argument("--data", type=Path, default=HERE.parents[2] / "shared" / "data")
    parser.add_argument("--cell", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    pairs = given.data / "word_vectors" / "wordsim353.tsv"
    if given.cell:
        library, model, epochs, seed = given.cell
        work = theirs if library == "gensim" else ours
        print(json.dumps(work(model, int(epochs), int(seed), pairs)))
        return
    write_corpus(given.data)
    table = read_table()
    for seed in given.seeds:
        for model in given.models:
            for library in ("netwright", "gensim"):
                name = f"{library}/{model}/{given.epochs}/{seed}"
                if name in table:
                    continue
                python = str(PEERS) if PEERS.is_file() else sys.executable
                cell = ["--cell", library, model, str(given.epochs), str(seed)]
                command = [python, __file__, *cell, "--data", str(given.data)]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
                if done.returncode:
                    print(f"{name} failed")
                    continue
                table = read_table()  # another process may have written its own cells
                table[name] = json.loads(done.stdout.splitlines()[-1])
                RESULTS.write_text(json.dumps(table, indent=1) + "\n")
                rho, seconds = table[name]["rho"], table[name]["cpu_seconds"]
                print(f"{name}: rho {rho['value']:.3f}, {seconds:.0f} CPU s")


if __name__ == "__main__":
    main()

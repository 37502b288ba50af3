"""`netwright predict`, `evaluate`, `plan`, `nets` and `data`."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netwright.data.builtin import builtin_names
from netwright.data.ledger import Ledger
from netwright.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from netwright.evaluate.scores import Scores
    from netwright.model.gallery import Gallery
    from netwright.model.model import Model

__all__ = ["print_data", "print_names", "run_evaluate", "run_plan", "run_predict"]

SOURCES = {
    "table": ".csv .tsv .parquet .feather .json .jsonl .xlsx, or a train and a --test file",
    "image folder": "a folder of class folders of images; train/ val/ test/ above them are "
    "respected",
    "sound folder": "a folder of class folders of WAV files; train/ val/ test/ above them are "
    "respected",
    "transcripts": "WAV files and a table of file and text (speech recognition) or class; one for "
    "each split or one in all",
    "masks": "image/ and label/ folders with the same file names; each value of a mask is a class",
    "boxes": "a folder of images with COCO's annotations.json, boxes.csv of "
    "image,x1,y1,x2,y2,class, or YOLO's images/ and labels/",
    "video folder": "a folder of class folders of clips: .npy, .npz, animated GIFs, or with --task "
    "video-classification folders of frames",
    "text folder": "a folder of class folders of texts, or of <class>.txt with a sample a line",
    "idx folder": "MNIST-format files, gzipped or not",
    "series": "UCR/UEA .ts files",
    "forecast": "a table with a time column and --task forecasting or --horizon",
    "arrays": ".npz without objects",
    "graph": "nodes.csv and edges.csv (classes of nodes), with graphs.csv (classes of graphs)",
    "tagged sentences": "a .conll file of a token and its tag a line, or one for each split",
    "line pair": "two line-aligned texts, train.en and train.de: one of them, or their folder",
    "corpus": "one .txt of running text (language modelling)",
    "environment": "gym:NAME, an environment of Gymnasium to act in, such as gym:CartPole-v1",
    "archive": ".zip .tar.gz .gz of any of these",
}

# How predictions are written, by the suffix of the file.
WRITERS: dict[str, Callable[["pd.DataFrame", str], None]] = {
    ".csv": lambda frame, path: frame.to_csv(path, index=False),
    ".tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    ".jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    ".json": lambda frame, path: write_json(frame, path),
    ".parquet": lambda frame, path: frame.to_parquet(path, index=False),
    ".conll": lambda frame, path: write_conll(frame, path),
    "": lambda frame, path: frame.to_csv(path, index=False),
}


def run_predict(
    model: str,
    source: str,
    *,
    out: str | None,
    device: str,
    threads: int | None,
    as_json: bool,
    beam: int = 1,
    support: str | None = None,
) -> None:
    """Write the predictions in the input's row order: as CSV, or as the suffix of `out` says; with
    `as_json` and no `out` they stand in the JSON object, a record a row. A model of masks writes
    them into the folder `out`, with the shares of their classes. support: class folders of
    examples, for a model of what is alike."""
    from netwright.data.read_rows import encoding_of, read_rows
    from netwright.device import threads as use_threads
    from netwright.model.loading import load

    suffix = Path(out or "").suffix.lower()
    if suffix not in WRITERS:
        raise UsageError(
            f"--out {out!r}: predictions are written as {', '.join(filter(None, WRITERS))}. Give a "
            "file name that ends so."
        )
    opened = load(model, device=device)
    ledger = Ledger()
    encoding = encoding_of(source, opened.encoding, ledger, target=opened.task.target)
    opened = replace(opened, encoding=encoding)
    raw = read_rows(source, opened.encoding, ledger)
    with use_threads(threads):
        if opened.task.form == "segmentation" and out is not None and not suffix:
            frame = opened.predict_masks(raw, Path(out), ledger=ledger)
            out, suffix = str(Path(out) / "predictions.csv"), ".csv"
        else:
            if support is not None:
                opened.gallery = _gallery(opened, support, ledger)
            frame = opened.predict(raw, ledger=ledger, beam=beam)
    for entry in ledger:
        print(entry, file=sys.stderr)
    if out is not None:
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        WRITERS[suffix](frame, out)
        print(f"{len(frame):,} predictions in {out}", file=sys.stderr)
    if as_json:
        said: dict[str, Any] = {"rows": len(frame), "out": out}
        if out is None:
            said["predictions"] = records_of(frame)
        print(json.dumps(said | {"ledger": ledger.to_list()}, ensure_ascii=False))
    elif out is None:
        frame.to_csv(sys.stdout, index=False)


def records_of(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return a record a row, of what JSON can hold: a missing value is None."""
    return json.loads(frame.to_json(orient="records", double_precision=15))


def write_conll(frame: "pd.DataFrame", path: str) -> None:
    """Write a tagger's predictions: a token and its tag a line, a blank line after a sentence."""
    if "token" not in frame:
        raise UsageError(
            f"--out {path!r} asks for tokens and their tags, but the model is no tagger. Give a "
            "file name that ends in .csv."
        )
    with Path(path).open("w", encoding="utf-8", newline="\n") as file:
        for _, sentence in frame.groupby("sentence"):
            for token, tag in zip(sentence["token"], sentence["prediction"], strict=True):
                file.write(f"{token}\t{tag}\n")
            file.write("\n")


def write_json(frame: "pd.DataFrame", path: str) -> None:
    """Write a record a row; of boxes COCO's JSON, which `train` and `evaluate` read."""
    if "x1" not in frame:
        frame.to_json(path, orient="records", indent=1)
        return
    images = {name: at for at, name in enumerate(dict.fromkeys(frame["picture"]), 1)}
    kinds = {name: at for at, name in enumerate(sorted(set(frame["prediction"])), 1)}
    boxes = [
        {
            "id": at,
            "image_id": images[row["picture"]],
            "category_id": kinds[row["prediction"]],
            "bbox": [
                row["x1"],
                row["y1"],
                round(row["x2"] - row["x1"], 2),
                round(row["y2"] - row["y1"], 2),
            ],
            "score": round(row["score"], 4),
        }
        for at, row in enumerate(frame.to_dict("records"), 1)
    ]
    value = {
        "images": [{"id": at, "file_name": name} for name, at in images.items()],
        "annotations": boxes,
        "categories": [{"id": at, "name": name} for name, at in kinds.items()],
    }
    Path(path).write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")


def _gallery(opened: "Model", support: str, ledger: Ledger) -> "Gallery":
    from netwright.data.read_rows import read_labels
    from netwright.data.sources import locate
    from netwright.model.gallery import gallery_of

    if opened.task.form != "similarity":
        raise UsageError(
            f"--support {support!r}: examples of new classes are of use to a model trained with "
            f"--task similarity; this one learned {opened.task.name}. Leave it out."
        )
    raw, labels = read_labels(locate(support), opened.encoding, ledger)
    return gallery_of(opened, raw, labels, ledger=ledger)


def run_evaluate(
    model: str,
    source: str,
    *,
    target: str | None,
    metric: str | None,
    seed: int,
    device: str,
    threads: int | None,
    as_json: bool,
) -> None:
    """Print the model's scores on a labelled source."""
    from netwright.data.read_rows import encoding_of, read_labelled
    from netwright.device import threads as use_threads
    from netwright.evaluate.evaluate import evaluate
    from netwright.model.loading import load

    opened = load(model, device=device)
    ledger = Ledger()
    encoding = encoding_of(source, opened.encoding, ledger, target=target or opened.task.target)
    opened = replace(opened, encoding=encoding)
    rows = read_labelled(source, opened.encoding, opened.task, ledger, target=target)
    with use_threads(threads):
        scores = evaluate(opened, rows, metric=metric, seed=seed)
    for entry in ledger:
        print(entry, file=sys.stderr)
    if as_json:
        said: dict[str, Any] = {
            "task": opened.task.name,
            "rows": len(rows),
            "primary": scores.primary,
            "scores": scores.to_dict(),
        }
        if scores.tasks:
            said["tasks"] = {
                name: {"primary": own.primary, "scores": own.to_dict()}
                for name, own in scores.tasks.items()
            }
        print(json.dumps(said | {"ledger": ledger.to_list()}, ensure_ascii=False))
        return
    print(f"{len(rows):,} {'episodes' if opened.task.form == 'control' else 'rows'}")
    print("\n".join(score_lines(scores)))


def score_lines(scores: "Scores") -> list[str]:
    """Return a line a metric, and of several targets those of each below its name."""
    from netwright.report.words import metric_in_words

    lines = [
        f"{metric_in_words(name):<20} {score.value:>10.4f}   95 % interval {score.low:.4f} to "
        f"{score.high:.4f}"
        for name, score in scores.items()
    ]
    for target, own in scores.tasks.items():
        lines += ["", f"{target} ({own.rows:,} rows)", *score_lines(own)]
    return lines


def run_plan(source: str, options: Mapping[str, Any], *, out: str | None, as_json: bool) -> None:
    """Print the designed plan; with --out write it as YAML."""
    from netwright.data.read import read
    from netwright.plan.design import design

    data = read(source, **options)
    plan = design(data)
    if out is not None:
        Path(out).write_text(plan.to_yaml(), encoding="utf-8")
    if as_json:
        print(json.dumps(plan.to_dict() | {"ledger": data.ledger.to_list()}, ensure_ascii=False))
        return
    for entry in data.ledger:
        print(entry)
    print(f"\n{data}\n")
    print(plan)


def print_names(titles: Mapping[str, str], *, as_json: bool) -> None:
    """Print a catalogue: name and title."""
    if as_json:
        print(
            json.dumps(
                [{"id": name, "title": title} for name, title in titles.items()], ensure_ascii=False
            )
        )
        return
    width = max(20, *(len(name) for name in titles))
    for name, title in titles.items():
        print(f"{name:<{width}} {title}")


def print_data(*, as_json: bool) -> None:
    """Print built-in names and the kinds of sources."""
    if as_json:
        print(json.dumps({"builtin": builtin_names(), "sources": SOURCES}, ensure_ascii=False))
        return
    print("Built in (no download):")
    for name, line in builtin_names().items():
        print(f"  {name:<16} {line}")
    print("Read from disk:")
    for name, line in SOURCES.items():
        print(f"  {name:<16} {line}")

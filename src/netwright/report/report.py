"""Report: everything worth telling about a run, as one frozen value. It computes nothing and knows
no net."""

import base64
import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Baseline",
    "Choice",
    "Cloud",
    "Column",
    "Example",
    "Forecast",
    "Headline",
    "Layer",
    "MapExample",
    "Member",
    "Picture",
    "Report",
    "Translation",
]

ScoreDict = Mapping[str, float | None]  # {"value", "low", "high"}
Points = Sequence[Sequence[float]]


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The one score that decides, on the test rows, and a sentence that says it in words."""

    metric: str
    value: float
    low: float | None = None
    high: float | None = None
    higher_is_better: bool = True
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column as it was read. `note`: how it was encoded, in words."""

    name: str
    kind: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One field of the plan, its value and the reason for it."""

    field: str
    value: Any
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What a simpler model reached on the same test rows; without scores, `reason` says why there
    are none."""

    model: str
    scores: Mapping[str, ScoreDict] | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A row the net got badly wrong. One of cells, text, png and series shows it.

    cells: (column, value). png: the picture's bytes. series: one list of numbers a channel. loss:
    in nats, or the error in the target's unit.
    """

    row: int | None = None
    truth: str = ""
    predicted: str = ""
    confidence: float | None = None
    loss: float | None = None
    cells: Sequence[tuple[str, Any]] = ()
    text: str | None = None
    png: bytes | None = None
    series: Sequence[Sequence[float]] = ()


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of the net, in the order of its forward. output_shape: without the batch."""

    name: str
    type: str
    output_shape: Sequence[int] = ()
    parameters: int = 0


@dataclass(frozen=True, kw_only=True)
class Member:
    """A net of an ensemble. changes: the plan fields that it drew. weight: its share of the answer,
    0 where it was left out. score: its own, on the validation rows, by the deciding metric."""

    number: int
    weight: float
    changes: Mapping[str, Any] = field(default_factory=dict)
    score: float | None = None
    epochs: int = 0
    stopped: str = ""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """One forecast beside what came. history: what the net saw (its last part), actual, predicted
    and the ends of its intervals, low and high: the horizon."""

    label: str
    history: Sequence[float]
    actual: Sequence[float]
    predicted: Sequence[float]
    naive: Sequence[float] = ()
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture under its caption. png: its bytes."""

    caption: str
    png: bytes


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Drawn rows beside real ones, by two of their numbers. axes: the names of these."""

    axes: Sequence[str]
    drawn: Points
    real: Points


@dataclass(frozen=True, kw_only=True)
class Translation:
    """One test text, its translation as the data has it, and what the net said."""

    source: str
    reference: str
    said: str


@dataclass(frozen=True, kw_only=True)
class MapExample:
    """A picture, its true and its predicted map of classes, each the bytes of a PNG."""

    label: str
    picture: bytes
    truth: bytes
    predicted: bytes


@dataclass(frozen=True, kw_only=True)
class Report:
    """title: the source's name. task: what was learned, in words. verdict: the net against the
    baselines, in a sentence.

    lead: how much better than the best baseline, above 0 is better. rows: a count a split.
    history: columns of numbers, one entry an epoch. validation, test: metric -> {"value", "low",
    "high"}. per_class: one dict a class. confusion: counts, row true and column predicted, in the
    order of `classes`. curves: "roc" -> class -> {"fpr", "tpr"}, "pr" -> class -> {"recall",
    "precision"}, "reliability" -> a list of {"confidence", "accuracy", "share"}. pairs: target ->
    (actual, predicted) of test rows. trace: signal -> layer -> (steps, values). findings and
    ledger: their JSON forms. notes: what a reader of the numbers must know. versions: name ->
    version. members: of an ensemble, else none; selection: how they were chosen, "greedy" or "all";
    growth: the validation score after each pick; layers: then those of its heaviest member.
    neighbours: of word vectors, a word or a sum of words and the nearest ones to it.
    tasks: by target, of a net with several, in metrics.json's form; conflicts: of each two of them.
    folds: nets that each member is made of, each trained without one fold of the training and
    validation rows; 0: none. pictures, cloud: what a net draws or rebuilds. repair: proof.json's
    object, where a repair led to the run. learning: parameters that learned when training ended,
    where others rested; 0: all. began: the weights that were taken of another model, in words.
    """

    title: str
    task: str
    headline: Headline
    verdict: str
    lead: ScoreDict | None = None
    target: str = ""
    kind: str = ""
    form: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
    columns: Sequence[Column] = ()
    class_counts: Mapping[str, int] = field(default_factory=dict)
    choices: Sequence[Choice] = ()
    history: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    best_epoch: int | None = None
    stopped: str = ""
    validation: Mapping[str, ScoreDict] = field(default_factory=dict)
    test: Mapping[str, ScoreDict] = field(default_factory=dict)
    notes: Sequence[str] = ()
    per_class: Sequence[Mapping[str, Any]] = ()
    confusion: Sequence[Sequence[int]] | None = None
    classes: Sequence[str] = ()
    curves: Mapping[str, Any] = field(default_factory=dict)
    pairs: Mapping[str, Points] = field(default_factory=dict)
    baselines: Mapping[str, Baseline] = field(default_factory=dict)
    trace: Mapping[str, Mapping[str, tuple[Sequence[int], Sequence[float]]]] = field(
        default_factory=dict
    )
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    conflicts: Sequence[Mapping[str, Any]] = ()
    examples: Sequence[Example] = ()
    forecasts: Sequence[Forecast] = ()
    pictures: Sequence[Picture] = ()
    cloud: Cloud | None = None
    translations: Sequence[Translation] = ()
    maps: Sequence[MapExample] = ()
    findings: Sequence[Mapping[str, Any]] = ()
    ledger: Sequence[Mapping[str, Any]] = ()
    layers: Sequence[Layer] = ()
    parameters: int = 0
    learning: int = 0
    began: str = ""
    members: Sequence[Member] = ()
    selection: str = ""
    growth: Sequence[float] = ()
    folds: int = 0
    neighbours: Sequence[tuple[str, Sequence[str]]] = ()
    repair: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    device: str = ""
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form: plain dicts, lists, strings and finite numbers (others become null,
        bytes base64)."""
        plain: dict[str, Any] = _plain(self)
        return plain

    @property
    def epochs(self) -> int:
        """How many epochs were trained."""
        return max((len(column) for column in self.history.values()), default=0)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # numpy and torch scalars
        return _plain(value.item())
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return str(value)

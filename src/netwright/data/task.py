"""What is to be learned: the task, its target, its classes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from netwright.errors import UsageError, did_you_mean

Form = Literal[
    "binary",
    "multiclass",
    "multilabel",
    "ordinal",
    "regression",
    "forecasting",
    "language-modelling",
    "masked-language-modelling",
    "reconstruction",
    "generation",
    "tagging",
    "translation",
    "segmentation",
    "detection",
    "similarity",
    "contrastive",
    "control",
    "embedding",
    "multi-task",
    "speech-recognition",
]

# What users may write after --task, and what it means: (name in metrics.json, form or None to infer
# it).
TASKS: dict[str, tuple[str, Form | None]] = {
    "classification": ("classification", None),
    "binary": ("classification", "binary"),
    "multiclass": ("classification", "multiclass"),
    "multilabel": ("classification", "multilabel"),
    "ordinal": ("classification", "ordinal"),
    "regression": ("regression", "regression"),
    "forecasting": ("forecasting", "forecasting"),
    "text-classification": ("text-classification", None),
    "image-classification": ("image-classification", None),
    "video-classification": ("video-classification", None),
    "series-classification": ("series-classification", None),
    "node-classification": ("node-classification", None),
    "graph-classification": ("graph-classification", None),
    "language-modelling": ("language-modelling", "language-modelling"),
    "masked-language-modelling": ("masked-language-modelling", "masked-language-modelling"),
    "reconstruction": ("reconstruction", "reconstruction"),
    "generation": ("generation", "generation"),
    "tagging": ("tagging", "tagging"),
    "translation": ("translation", "translation"),
    "segmentation": ("segmentation", "segmentation"),
    "detection": ("detection", "detection"),
    "similarity": ("similarity", "similarity"),
    "contrastive": ("contrastive", "contrastive"),
    "control": ("control", "control"),
    "embedding": ("embedding", "embedding"),
    "multi-task": ("multi-task", "multi-task"),
    "audio-classification": ("audio-classification", None),
    "speech-recognition": ("speech-recognition", "speech-recognition"),
}


@dataclass(frozen=True, kw_only=True)
class Task:
    """`name` is the contract's task; `form` decides outputs, loss and metrics.

    classes: labels in the order of the net's outputs. positive: the class that precision, recall,
    F1 and ROC of a binary task are about (the rarer one unless told). outputs: how many numbers the
    net gives a row.
    target_mean, target_std: regression targets are trained as (y - mean) / std; the training rows'
    figures.
    horizon, season: steps ahead and steps a season, for forecasting.
    source: the language that is translated into the target's.
    tasks: of a form "multi-task", one a target, in the order of the net's outputs.
    """

    name: str
    form: Form
    target: str
    classes: tuple[str, ...] = ()
    positive: str | None = None
    outputs: int = 1
    target_names: tuple[str, ...] = ()
    target_mean: tuple[float, ...] = field(default=(0.0,))
    target_std: tuple[float, ...] = field(default=(1.0,))
    horizon: int = 0
    season: int = 1
    source: str = ""
    tasks: tuple["Task", ...] = ()

    @property
    def is_classification(self) -> bool:
        """Whether predictions are classes (one label, several labels or ordered grades)."""
        return self.form in ("binary", "multiclass", "multilabel", "ordinal")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        found = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        if self.tasks:
            return found | {"tasks": [task.to_dict() for task in self.tasks]}
        return {name: value for name, value in found.items() if name != "tasks"}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Task":
        """Read the JSON form."""
        fields: dict[str, Any] = {}
        for name, value in values.items():
            fields[name] = tuple(value) if isinstance(value, list) else value
        fields["tasks"] = tuple(cls.from_dict(task) for task in values.get("tasks", ()))
        return cls(**fields)


def parse_task(name: str) -> tuple[str, Form | None]:
    """Return (name, form) of what a user wrote after --task; an unknown one is a UsageError with
    "did you mean"."""
    if name not in TASKS:
        raise UsageError(f"There is no task named {name!r}.{did_you_mean(name, TASKS)}")
    return TASKS[name]

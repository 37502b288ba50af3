"""Model: what is used after training. A net, how raw rows become its inputs, calibration and the
task; saved without pickle."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from netwright.data.data import Encoding, Rows, Split
from netwright.data.grades import called_classes
from netwright.data.image_encoding import name_of
from netwright.data.ledger import Ledger
from netwright.data.mask_encoding import MaskEncoding
from netwright.data.pair_encoding import PairEncoding
from netwright.data.speech_encoding import SpeechEncoding
from netwright.data.task import Task
from netwright.data.text_encoding import TextEncoding
from netwright.data.word_encoding import WordEncoding
from netwright.errors import UsageError
from netwright.model.boxes import predict_boxes
from netwright.model.combining import mean_of_members
from netwright.model.filling import fill_in
from netwright.model.gallery import Gallery, nearest
from netwright.model.intervals import Interval, middle_of, quantiles_of
from netwright.model.masks import predict_masks, save_masks, shares_of_masks
from netwright.model.neighbours import neighbours_frame
from netwright.model.tags import predict_tags
from netwright.model.transcribing import transcribe
from netwright.model.writing import generate, translate
from netwright.objectives.reconstruction import row_errors

__all__ = ["FORMAT", "Model"]

FORMAT = 1  # raised when a saved folder's meaning changes; `load` reads every older one


@dataclass
class Model:
    """net: in eval mode. spec: its catalogue name and arguments. temperature divides the logits
    (calibration); temperatures: of several tasks, one each. quantiles: that the net's outputs are,
    of each target, where it learned some. interval: around predicted numbers, where one was
    measured. outside: of a tagger, taken from the logit of its first tag, "O". gallery: embeddings
    of the training rows, where what is alike was learned."""

    net: nn.Module
    spec: Mapping[str, Any]
    encoding: Encoding
    task: Task
    temperature: float = 1.0
    outside: float = 0.0
    temperatures: tuple[float, ...] = ()
    quantiles: tuple[float, ...] = ()
    interval: Interval | None = None
    card: str = field(default="", repr=False)
    gallery: Gallery | None = field(default=None, repr=False)

    @torch.no_grad()
    def forward_rows(
        self,
        split: Split,
        *,
        batch_size: int = 1024,
        reduce: Callable[[Tensor, Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Return the net's outputs for a whole split on the CPU: logits, or standardised values,
        (rows, outputs); of rows that are rebuilt their errors, (rows, 2). reduce: outputs, targets
        -> what is kept of a batch, on its device."""
        device = next(self.net.parameters()).device
        was_training = self.net.training
        self.net.eval()
        try:
            pieces = []
            for batch in split.batches(batch_size, device=device):
                found = self.answers(self.encoding.prepare(batch.inputs))
                pieces.append((reduce(found, batch.targets) if reduce else found).cpu())
        finally:
            self.net.train(was_training)
        if pieces:
            return torch.cat(pieces)
        return torch.zeros(0, 2 if self.task.form == "reconstruction" else self.task.outputs)

    def answers(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return the net's outputs for a prepared batch, as float32."""
        if self.task.form == "reconstruction":
            return row_errors(self.net, inputs)
        return self.combine(self.net(*inputs)).float()

    def combine(self, outputs: Tensor | tuple[Tensor, ...]) -> Tensor:
        """Reduce an ensemble's (batch, members, outputs) to (batch, outputs): mean probability, or
        mean value, weighted where the net's `member_weights` say so. Of an actor-critic's logits
        and values the logits."""
        if isinstance(outputs, tuple):
            return outputs[0]
        if not getattr(self.net, "members", 0):
            return outputs
        weights = getattr(self.net, "member_weights", None)
        return mean_of_members(outputs, self.task.form, weights)

    def of_tasks(self, outputs: Tensor) -> list[tuple["Model", Tensor]]:
        """Return for each of several tasks a Model that answers it alone, and its part of the
        outputs."""
        tasks = self.task.tasks
        temperatures = self.temperatures or (1.0,) * len(tasks)
        parts = outputs.split([task.outputs for task in tasks], 1)
        return [
            (replace(self, task=task, temperature=temperature, temperatures=()), part)
            for task, temperature, part in zip(tasks, temperatures, parts, strict=True)
        ]

    def probabilities(self, outputs: Tensor) -> Tensor:
        """Turn logits (rows, outputs) into calibrated probabilities (rows, classes)."""
        scaled = outputs / self.temperature
        if self.task.form == "multilabel":
            return scaled.sigmoid()
        if self.task.form == "ordinal":
            above = scaled.sigmoid().cummin(1).values  # P(grade > k) cannot rise with k
            full = F.pad(above, (1, 0), value=1.0) - F.pad(above, (0, 1), value=0.0)
            return full.clamp_min(0)
        return scaled.softmax(-1)

    def values(self, outputs: Tensor, inputs: tuple[Tensor, ...] | None = None) -> Tensor:
        """Turn standardised outputs (rows, outputs) into the target's own units.

        Forecasts are mapped back by the encoding, which needs the windows they were made from.
        """
        decode = getattr(self.encoding, "decode", None)
        if decode is not None and inputs is not None:
            return decode(outputs, inputs)
        return outputs * torch.tensor(self.task.target_std) + torch.tensor(self.task.target_mean)

    def middle(self, outputs: Tensor) -> Tensor:
        """Return the outputs that are the prediction, (rows, outputs): the medians of quantiles."""
        return middle_of(outputs, self.quantiles)

    def ends(
        self, outputs: Tensor, inputs: tuple[Tensor, ...] | None = None
    ) -> tuple[Tensor, Tensor] | None:
        """Return both ends of each prediction's interval, (rows, outputs), in the target's own
        unit; None where none was measured. inputs: as for `values`."""
        if self.interval is None:
            return None
        low, high = self.interval.ends(outputs, self.quantiles)
        return self.values(low, inputs), self.values(high, inputs)

    def predict(
        self,
        raw: Any,
        *,
        ledger: Ledger | None = None,
        batch_size: int = 1024,
        beam: int = 1,
    ) -> pd.DataFrame:
        """Predict raw rows (a DataFrame, images, texts, series): "prediction" and, for classes,
        "probability_<class>", in the order of the rows; of grades the median is predicted. A
        picture that cannot be decoded has an empty row, and its name is in the ledger. A forecast
        has a row for each step ahead, a tagged sentence one for each token. Where the model has
        intervals: "low" and "high". beam: of the search that writes a translation, 1 is greedy. Of
        rows that are rebuilt: "error" and "absolute_error", the means over a row's numbers. Of
        masks (see `model/masks.py`) it is the share of each class, of boxes a row each (see
        `model/boxes.py`); of what is alike the nearest of the gallery (see `model/gallery.py`). Of
        texts with words masked the texts filled in.
        """
        if self.task.form == "generation":
            raise UsageError(
                "This model draws rows, it predicts none. Use: netwright generate MODEL --count N."
            )
        if self.task.form == "language-modelling" and beam == 1:
            raise UsageError(
                "This model goes on writing from a prompt, it predicts no rows. Use: netwright "
                "generate MODEL --prompt TEXT."
            )
        if beam != 1 and self.task.form != "translation":
            raise UsageError(
                f"--beam {beam} is of searches that write a translation; this model learned "
                f"{self.task.name}. Leave it out."
            )
        if self.task.form == "translation":
            texts = list(raw)
            said = self.translate(self.encoding.encode(texts, ledger)[0], beam=beam)
            return pd.DataFrame({"source": texts, "prediction": said})
        if self.task.form == "speech-recognition":
            return self._recognise(raw, ledger)
        if self.task.form == "masked-language-modelling":
            assert isinstance(self.encoding, TextEncoding)
            return fill_in(self.net, self.encoding, raw)
        if self.task.form == "tagging":
            return predict_tags(self, raw, ledger, batch_size)
        if self.task.form == "segmentation":
            return self.predict_masks(raw, ledger=ledger)
        if self.task.form == "detection":
            return predict_boxes(self, raw, ledger)
        if self.gallery is not None:
            return nearest(self, self.gallery, raw, ledger=ledger)
        some = getattr(self.encoding, "encode_some", None)
        if some is None:
            inputs, kept = self.encoding.encode(raw, ledger), None
        else:
            inputs, kept = some(raw, ledger)
        if isinstance(self.encoding, WordEncoding):
            return neighbours_frame(self.net, self.encoding, *inputs)
        rows = Rows("predict", inputs, torch.zeros(len(inputs[0])), None)
        frame = self.frame(self.forward_rows(rows, batch_size=batch_size), inputs)
        if kept is not None and len(kept) < len(raw):
            frame = frame.set_axis(kept.tolist()).reindex(range(len(raw)))
        return frame

    def translate(self, source: Tensor, *, beam: int = 1) -> list[str]:
        """Return the translations of source ids int64 (rows, time)."""
        assert isinstance(self.encoding, PairEncoding)
        return translate(self.net, self.encoding, source, beam=beam)

    def transcribe(self, inputs: tuple[Tensor, ...]) -> list[str]:
        """Return what is said in stored sounds, samples (rows, samples) and lengths (rows,)."""
        assert isinstance(self.encoding, SpeechEncoding)
        return transcribe(self.net, self.encoding, inputs)

    def _recognise(self, raw: Any, ledger: Ledger | None) -> pd.DataFrame:
        """Return a row for each sound: "file" and "prediction", which is missing where it cannot be
        read."""
        assert isinstance(self.encoding, SpeechEncoding)
        inputs, kept = self.encoding.encode_some(raw, ledger)
        said = dict(zip(kept.tolist(), self.transcribe(inputs), strict=True))
        rows = range(len(raw))
        names = [name_of(raw[at], at) for at in rows]
        return pd.DataFrame({"file": names, "prediction": [said.get(at) for at in rows]})

    def generate(
        self,
        prompt: str = "",
        *,
        tokens: int = 500,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 0,
    ) -> Iterator[str]:
        """Yield what a language model writes after the prompt (see model/writing.py)."""
        if self.task.form != "language-modelling" or not isinstance(self.encoding, TextEncoding):
            raise UsageError(
                f"This model learned {self.task.name}; only a language model, trained on a text, "
                "writes texts."
            )
        return generate(
            self.net, self.encoding, prompt, tokens=tokens, temperature=temperature,
            top_k=top_k, top_p=top_p, seed=seed,
        )  # fmt: skip

    def predict_masks(
        self, raw: Any, folder: Path | None = None, *, ledger: Ledger | None = None
    ) -> pd.DataFrame:
        """Return each picture's name, its most frequent class and the share of every class; write
        its mask into `folder`, where one is given, as a PNG of its own name and size."""
        assert isinstance(self.encoding, MaskEncoding)
        masks = predict_masks(self, raw, ledger)
        if folder is not None:
            masks = save_masks(self.encoding, masks, raw, folder)
        return shares_of_masks(self.encoding, masks, raw)

    def frame(self, outputs: Tensor, inputs: tuple[Tensor, ...]) -> pd.DataFrame:
        """Return the table of predictions that `netwright predict` writes, one row for each row of
        outputs."""
        task = self.task
        if task.form == "multi-task":
            return pd.concat(
                [
                    one.frame(own, inputs).rename(columns=partial(_of_target, one.task.target))
                    for one, own in self.of_tasks(outputs)
                ],
                axis=1,
            )
        if task.form == "reconstruction":
            return pd.DataFrame(outputs.numpy(), columns=["error", "absolute_error"])
        if task.form == "contrastive":
            names = [f"embedding_{at}" for at in range(outputs.shape[1])]
            return pd.DataFrame(outputs.numpy(), columns=names)
        if task.form == "control":
            actions = outputs.argmax(1).numpy()
            scores = {f"score_{at}": outputs[:, at].numpy() for at in range(outputs.shape[1])}
            return pd.DataFrame({"prediction": actions, **scores})
        if not task.is_classification:
            return self._numbers(outputs, inputs)
        probabilities = self.probabilities(outputs).numpy()
        columns = {
            f"probability_{name}": probabilities[:, i] for i, name in enumerate(task.classes)
        }
        if task.form == "multilabel":
            labels = ["|".join(np.array(task.classes)[row]) for row in probabilities > 0.5]
        else:
            called = called_classes(probabilities, ordinal=task.form == "ordinal")
            labels = [task.classes[i] for i in called]
        return pd.DataFrame({"prediction": labels, **columns})

    def _numbers(self, outputs: Tensor, inputs: tuple[Tensor, ...]) -> pd.DataFrame:
        """Return predicted numbers, with "low" and "high" where there are intervals and
        "quantile_<q>" of what a net learned between these."""
        found = {"prediction": self.values(self.middle(outputs), inputs)}
        ends = self.ends(outputs, inputs)
        if ends is not None:
            found |= {"low": ends[0], "high": ends[1]}
        for at, q in enumerate(self.quantiles):
            if q != 0.5 and 0 < at < len(self.quantiles) - 1:
                own = quantiles_of(outputs, self.quantiles)[..., at]
                found[f"quantile_{q:g}"] = self.values(own, inputs)
        columns = {name: values.numpy() for name, values in found.items()}
        count = columns["prediction"].shape[1]
        if self.task.form == "forecasting":
            steps = np.tile(np.arange(1, count + 1), len(outputs))
            return pd.DataFrame({"step": steps} | {n: v.ravel() for n, v in columns.items()})
        if count == 1:
            return pd.DataFrame({name: values[:, 0] for name, values in columns.items()})
        return pd.DataFrame(
            {
                f"{name}_{target}": values[:, at]
                for at, target in enumerate(self.task.target_names)
                for name, values in columns.items()
            }
        )

    def save(self, folder: str | Path) -> Path:
        """Write model.safetensors, config.json, preprocessing.json and README.md. Nothing is
        pickled."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {
            f"net.{k}": v.detach().cpu().contiguous().clone()
            for k, v in self.net.state_dict().items()
        }
        tensors |= {
            f"encoding.{k}": v.cpu().contiguous().clone()
            for k, v in self.encoding.tensors().items()
        }
        config: dict[str, Any] = {
            "format": FORMAT,
            "net": dict(self.spec),
            "task": self.task.to_dict(),
            "temperature": self.temperature,
            **({"outside": self.outside} if self.outside else {}),
            **({"temperatures": list(self.temperatures)} if self.temperatures else {}),
            **({"quantiles": list(self.quantiles)} if self.quantiles else {}),
            **({"interval": self.interval.to_dict()} if self.interval else {}),
        }
        if self.gallery is not None:
            tensors["gallery.vectors"] = self.gallery.vectors.cpu().contiguous().clone()
            known = {"labels": list(self.gallery.labels), "names": list(self.gallery.names)}
            config["gallery"] = known
        save_file(tensors, folder / "model.safetensors")
        _write_json(folder / "config.json", config)
        _write_json(folder / "preprocessing.json", self.encoding.to_dict())
        (folder / "README.md").write_text(
            self.card or f"# A {self.spec['name']} net\n", encoding="utf-8"
        )
        return folder


def _of_target(target: str, column: str) -> str:
    """ "probability_yes" of the target "sold" is "probability_sold_yes"."""
    what, _, rest = column.partition("_")
    return "_".join(part for part in (what, target, rest) if part)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

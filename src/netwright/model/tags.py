"""The tags of sentences, a row a token."""

from typing import TYPE_CHECKING, Any

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from netwright.data.data import Rows
from netwright.data.ledger import Ledger
from netwright.data.sentence_encoding import as_tokens

if TYPE_CHECKING:
    from netwright.model.model import Model

__all__ = ["less_outside", "predict_tags"]


def predict_tags(
    model: "Model", raw: Any, ledger: Ledger | None = None, batch_size: int = 1024
) -> pd.DataFrame:
    """Return a row for each token: "sentence" (from 1), "token", "prediction", "probability"
    of the tag that is said."""
    sentences = [as_tokens(one) for one in raw]
    inputs = model.encoding.encode(sentences, ledger)
    time = inputs[0].shape[1]
    rows = Rows("predict", inputs, torch.zeros(len(sentences)))
    logits = model.forward_rows(
        rows,
        batch_size=batch_size,
        reduce=lambda found, _: F.pad(found, (0, 0, 0, time - found.shape[1])),
    )
    real = torch.tensor([len(one) for one in sentences])[:, None] > torch.arange(time)
    scores = less_outside(logits[real], model.outside)
    said = scores.argmax(-1)
    probabilities = scores.softmax(-1).gather(1, said[:, None])[:, 0]
    number = torch.arange(1, len(sentences) + 1)[:, None].expand_as(real)[real]
    return pd.DataFrame(
        {
            "sentence": number.numpy(),
            "token": [token for one in sentences for token in one],
            "prediction": [model.task.classes[at] for at in said.tolist()],
            "probability": probabilities.numpy(),
        }
    )


def less_outside(logits: Tensor, outside: float) -> Tensor:
    """Return a tagger's logits (..., tags) with `outside` taken from those of the first tag."""
    return torch.cat([logits[..., :1] - outside, logits[..., 1:]], -1) if outside else logits

"""Logistic regression as a net: one linear layer for any kind of data; softmax is in the loss.

outputs = W x + b.  Cox 1958; with one output and squared error it is linear regression. Text counts
words: the row of W for each token of the text is added up (the bag of words).
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import output_layer
from netwright.nets._tabular import OneHot

__all__ = ["Logistic"]


class Logistic(nn.Module):
    """A batch of any kind of data -> (batch, outputs).

    Table: numeric (batch, numeric), categorical int64 (batch, columns), read as one-hot. Image:
    (batch, in_channels, height, width). Series: (batch, time, in_channels). Text: int64 (batch,
    time), 0 is padding. Give the arguments that the kind has: numeric and cardinalities;
    in_channels, height and width; in_channels and length; vocab.
    """

    def __init__(
        self,
        *,
        outputs: int,
        numeric: int = 0,
        cardinalities: Sequence[int] = (),
        in_channels: int = 0,
        height: int = 0,
        width: int = 0,
        length: int = 0,
        vocab: int = 0,
    ) -> None:
        super().__init__()
        self.one_hot = OneHot(cardinalities) if cardinalities else None
        self.vocab = vocab
        if vocab:
            features = vocab
        elif in_channels:
            features = in_channels * (length or height * width)
        else:
            features = numeric + sum(cardinalities)
        if features < 1:
            raise ValueError(
                "Logistic has no inputs. Give numeric or cardinalities (table), in_channels with "
                "height and width (image) or length (series), or vocab (text)."
            )
        self.linear = output_layer(features, outputs)
        nn.init.zeros_(self.linear.weight)  # a convex problem: nothing to break the symmetry of
        self.linear.own_init = True  # type: ignore[assignment]  # a mark on the module, no sub-module

    def forward(self, inputs: Tensor, categorical: Tensor | None = None) -> Tensor:
        if self.vocab:
            # Padding adds nothing; the row of a word is a column of the linear layer's weight.
            words = F.embedding(inputs, self.linear.weight.t())  # (batch, time, outputs)
            return (words * (inputs != 0).unsqueeze(-1)).sum(1) + self.linear.bias
        if self.one_hot is None:
            return self.linear(inputs.flatten(1))
        return self.linear(self.one_hot(inputs, categorical))

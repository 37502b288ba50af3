"""Tagger: a tag for every token, from its word, its letters and the sentence on both sides.

x_t = [E[word_t], C[case_t], max over positions of conv(E_l[letters_t])];
h = LSTM(x), forward and backward;  logits_t = W h_t + b + sum of V[f] over features f of t.

Chiu and Nichols 2016, arXiv:1511.08308; Lample et al. 2016, arXiv:1603.01360; Ma and Hovy 2016,
arXiv:1603.01354, whose convolution over letters this is. The features are those of linear taggers
(ends of the word, its neighbours and their capitals; Ratnaparkhi 1996), hashed into one table and
added as in wide and deep learning (Cheng et al. 2016, arXiv:1606.07792): with few sentences they
tell what is common, the LSTM what depends on the rest. Different from Lample, Ma and Hovy: tags are
independent given the sentence, without a CRF over neighbours.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netwright.nets._layers import Dropout, output_layer, positive
from netwright.nets._recurrent import run_recurrent
from netwright.nets._sequence import SequenceInput

__all__ = ["Tagger"]

ENDS = 4  # letters at both ends of a word that are features
BASE = 131  # more than most alphabets have letters, so that few pairs of ends are one number


class Tagger(nn.Module):
    """words int64 (batch, time), cases int64 (batch, time), letters int64 (batch, time, letters) ->
    (batch, time, outputs).

    0 is padding in all three and changes nothing. vocab, cases, letters: ids of each. length:
    tokens of the longest sentence, as the data gives it; any length works. width, letter_width:
    numbers an embedded word and letter; filters: of the convolution; hidden_size: units of each
    direction, depth: their layers. buckets: of the hashed features, 0 for none; feature_dropout:
    share of them that is left out in training.
    """

    def __init__(
        self,
        *,
        vocab: int,
        letters: int,
        outputs: int,
        cases: int = 8,
        length: int = 0,
        width: int = 100,
        letter_width: int = 30,
        filters: int = 60,
        hidden_size: int = 100,
        depth: int = 1,
        dropout: float = 0.5,
        buckets: int = 65_536,
        feature_dropout: float = 0.5,
    ) -> None:
        super().__init__()
        positive(letters=letters, outputs=outputs, filters=filters, hidden_size=hidden_size)
        self.words = SequenceInput(vocab=vocab, in_channels=0, width=width)
        self.cases = nn.Embedding(cases, cases, padding_idx=0)
        self.letters = nn.Embedding(letters, letter_width, padding_idx=0)
        self.convolution = nn.Conv1d(letter_width, filters, 3, padding=2)
        self.dropout = Dropout(dropout)
        self.rnn = nn.LSTM(
            width + cases + filters,
            hidden_size,
            num_layers=depth,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if depth > 1 else 0.0,
        )
        self.output = output_layer(2 * hidden_size, outputs)
        self.features: nn.Embedding | None = None
        if buckets:
            self.features = nn.Embedding(buckets, outputs)
            nn.init.zeros_(self.features.weight)
            self.features.own_init = True  # type: ignore[assignment]  # a mark on the module
        self.feature_dropout = Dropout(feature_dropout)

    def forward(self, words: Tensor, cases: Tensor, letters: Tensor) -> Tensor:
        vectors, real = self.words(words)
        spelled = self.spell(letters)
        x = self.dropout(torch.cat([vectors, self.cases(cases), spelled], 2))
        logits = self.output(self.dropout(run_recurrent(self.rnn, x, real)))
        if self.features is None:
            return logits
        found = features_of(words, cases, letters, buckets=self.features.num_embeddings)
        kept = self.feature_dropout(torch.ones_like(found, dtype=logits.dtype))
        return logits + (self.features(found) * kept.unsqueeze(3)).sum(2)

    def spell(self, letters: Tensor) -> Tensor:
        """letters (batch, time, letters) -> the strongest answer of each filter (batch, time,
        filters)."""
        # Most of a padded batch is no token: only those with a letter are convolved.
        some = (letters != 0).any(2)
        found = self.letters(letters[some]).transpose(1, 2)
        scores = self.convolution(found)  # (tokens, filters, letters + 2)
        # What a filter says of padding alone is no answer of the word.
        lengths = (letters[some] != 0).sum(1) + 2
        beyond = torch.arange(scores.shape[2], device=letters.device) >= lengths[:, None]
        strongest = scores.masked_fill(beyond[:, None], -torch.inf).amax(2)
        spelled = strongest.new_zeros(*some.shape, strongest.shape[1])
        spelled[some] = strongest
        return spelled


def features_of(words: Tensor, cases: Tensor, letters: Tensor, *, buckets: int) -> Tensor:
    """Inputs of the net -> int64 (batch, time, features): hashes of the word, its first and last 1
    to 4 letters, its case, and the words, cases and last letters of two neighbours on each side.
    """
    lengths = (letters != 0).sum(2, keepdim=True)
    some = F.pad(letters, (0, ENDS))[..., :ENDS]
    at = lengths - 1 - torch.arange(ENDS, device=letters.device)
    last = letters.gather(2, at.clamp_min(0)) * (at >= 0)
    places = torch.arange(1, letters.shape[2] + 1, device=letters.device)
    parts = [words, (letters * places**3).sum(2), cases]
    parts.append(cases * 2 + (torch.arange(words.shape[1], device=words.device) == 0))
    for count in range(1, ENDS + 1):
        for end in (some, last):
            digits = BASE ** torch.arange(count, device=letters.device)
            parts.append((end[..., :count] * digits).sum(2))
    for step in (-2, -1, 1, 2):
        ending = moved(last[..., 0] + BASE * last[..., 1], step)
        parts += [moved(words, step), moved(cases, step) * 16 + cases, ending]
    # Knuth's multiplicative hash, with a start of its own for each kind of feature.
    starts = torch.arange(len(parts), device=words.device) * 320_291_137
    mixed = torch.stack(parts, 2) * 2_654_435_761 + starts
    return mixed.remainder(2_147_483_647).remainder(buckets)


def moved(x: Tensor, step: int) -> Tensor:
    """Return at each time what x (batch, time) has `step` later (earlier below 0), 0 outside."""
    time = x.shape[1]
    if abs(step) >= time:
        return torch.zeros_like(x)
    return F.pad(x[:, step:], (0, step)) if step > 0 else F.pad(x[:, :step], (-step, 0))

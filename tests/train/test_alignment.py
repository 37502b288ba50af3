"""Which nets can lie in one stack, and why others cannot."""

import pytest

from netwright.nets.audio_cnn import AudioCNN
from netwright.nets.from_scratch import FromScratch
from netwright.nets.mlp import MLP
from netwright.train.alignment import why_not_aligned


def test_mlps_of_different_widths_and_activations_are_aligned() -> None:
    nets = [MLP(numeric=2, outputs=1, widths=[4]), MLP(numeric=2, outputs=1, widths=[3, 3])]
    assert why_not_aligned([*nets, MLP(numeric=2, outputs=1, activation="step")]) == ""


@pytest.mark.parametrize("activation", ["prelu", "softmax"])
def test_an_activation_that_padding_or_one_weight_would_upset_is_not(activation) -> None:
    net = MLP(numeric=2, outputs=1, widths=[4], activation=activation)
    assert "neither is stacked" in why_not_aligned([net])


def test_nets_without_batching_rules_are_not() -> None:
    assert "NumPy" in why_not_aligned([FromScratch(numeric=2, outputs=1)])
    assert "Fourier" in why_not_aligned([AudioCNN(outputs=1, sample_rate=8000)])

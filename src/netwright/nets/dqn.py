"""Deep Q-network: how much reward each action will bring, all actions at once.

q(s, .) = W h(s) + b;  duelling: q(s, a) = v(s) + adv(s, a) - mean over a' of adv(s, a').

Mnih et al. 2015, Nature 518; duelling of Wang et al. 2016, arXiv:1511.06581. Different from the
papers: a state is a row of numbers, read by linear layers, not by convolutions; the two branches of
the duelling net share all hidden layers but the last.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from netwright.nets._layers import activation_layer, output_layer, positive

__all__ = ["DQN"]


class DQN(nn.Module):
    """states (batch, in_features) -> (batch, outputs), the value of each of `outputs` actions.

    widths: units of each hidden layer. dueling: the value of the state and what each action adds to
    it are told apart.
    """

    answers = "values of actions"

    def __init__(
        self,
        *,
        in_features: int,
        outputs: int,
        widths: Sequence[int] = (128, 128),
        dueling: bool = False,
        activation: str = "relu",
    ) -> None:
        super().__init__()
        positive(in_features=in_features, outputs=outputs, hidden_layers=len(widths))
        positive(**{f"widths[{i}]": size for i, size in enumerate(widths)})
        self.hidden = hidden_layers(in_features, widths[:-1], activation)
        last = widths[-2] if len(widths) > 1 else in_features

        def branch(outputs: int) -> nn.Sequential:
            layer = hidden_layers(last, widths[-1:], activation)
            return nn.Sequential(*layer, output_layer(widths[-1], outputs))

        self.advantage = branch(outputs)
        self.value = branch(1) if dueling else None

    def forward(self, states: Tensor) -> Tensor:
        x = self.hidden(states)
        advantage = self.advantage(x)
        if self.value is None:
            return advantage
        return self.value(x) + advantage - advantage.mean(1, keepdim=True)


def hidden_layers(in_features: int, widths: Sequence[int], activation: str) -> nn.Sequential:
    """Return linear layers of `widths` units, an activation after each."""
    layers: list[nn.Module] = []
    for size in widths:
        layers += [nn.Linear(in_features, size), activation_layer(activation)]
        in_features = size
    return nn.Sequential(*layers)

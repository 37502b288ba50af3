"""Actor and critic: which action to take, and how much reward to expect from here.

logits = W h(s) + b, p(a | s) = softmax(logits);  value = w g(s) + c.

Sutton et al. 2000, "Policy Gradient Methods"; Mnih et al. 2016, arXiv:1602.01783; sizes and the
orthogonal start as in PPO (Schulman et al. 2017, arXiv:1707.06347). Different from Mnih et al.:
actor and critic share no layers unless asked to.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from netwright.nets._layers import output_layer, positive
from netwright.nets.dqn import hidden_layers

__all__ = ["ActorCritic"]


class ActorCritic(nn.Module):
    """states (batch, in_features) -> logits (batch, outputs) of each action, values (batch,).

    widths: units of each hidden layer. shared: actor and critic read the same hidden layers.
    """

    answers = "policies"

    def __init__(
        self,
        *,
        in_features: int,
        outputs: int,
        widths: Sequence[int] = (64, 64),
        shared: bool = False,
        activation: str = "tanh",
    ) -> None:
        super().__init__()
        positive(in_features=in_features, outputs=outputs, hidden_layers=len(widths))
        positive(**{f"widths[{i}]": size for i, size in enumerate(widths)})
        self.hidden = hidden_layers(in_features, widths, activation)
        self.critic_hidden = None if shared else hidden_layers(in_features, widths, activation)
        self.actor = output_layer(widths[-1], outputs)
        self.critic = output_layer(widths[-1], 1)
        # Nearly the same chance for each action at first, so that all are tried.
        gains = {self.actor: 0.01, self.critic: 1.0}
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.orthogonal_(layer.weight, gains.get(layer, 2**0.5))
                nn.init.zeros_(layer.bias)
                layer.own_init = True  # type: ignore[assignment]  # a mark on the module

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        x = self.hidden(states)
        seen = x if self.critic_hidden is None else self.critic_hidden(states)
        return self.actor(x), self.critic(seen).squeeze(-1)

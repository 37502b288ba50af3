"""Policy gradient on a contextual bandit: the loss has no floor and does not fall."""
import json
import os

import torch
import torch.nn as nn
from torch.distributions import Categorical

torch.manual_seed(int(os.environ.get("SEED", 0)))
policy = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 3))
optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
baseline = 0.0
for step in range(500):
    context = torch.randn(64, 6)
    best = context.view(-1, 3, 2).sum(2).argmax(1)
    choice = Categorical(logits=policy(context))
    action = choice.sample()
    reward = (action == best).float()
    loss = -(choice.log_prob(action) * (reward - baseline)).mean() - 0.01 * choice.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    baseline = 0.95 * baseline + 0.05 * reward.mean().item()
    if step % 100 == 0:
        print(step, "reward", reward.mean().item())
with torch.no_grad():
    context = torch.randn(2000, 6)
    hits = policy(context).argmax(1) == context.view(-1, 3, 2).sum(2).argmax(1)
print(json.dumps({"metric": hits.float().mean().item(), "higher_is_better": True, "name": "reward"}))

import os, json
import torch
from torch import nn
from torch.distributions import Categorical

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
ARMS, DIM = 5, 8
truth = torch.randn(DIM, ARMS)


def world(n):
    context = torch.randn(n, DIM)
    return context, (context @ truth).argmax(1)


policy = nn.Sequential(nn.Linear(DIM, 32), nn.Tanh(), nn.Linear(32, ARMS))
optimizer = torch.optim.Adam(policy.parameters(), lr=5e-3)
baseline = 0.2
for step in range(1200):
    context, best = world(64)
    dist = Categorical(logits=policy(context))
    action = dist.sample()
    reward = (action == best).float() + 0.1 * torch.randn(64)
    # surrogate: its value says nothing, its gradient is that of the expected reward
    loss = -(dist.log_prob(action) * (reward - baseline)).mean() - 0.002 * dist.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    baseline = 0.95 * baseline + 0.05 * reward.mean().item()
    if step % 200 == 0:
        print("step", step, "reward", round(reward.mean().item(), 3), "surrogate", round(loss.item(), 4))
with torch.no_grad():
    context, best = world(2000)
    reward = (policy(context).argmax(1) == best).float().mean().item()
print(json.dumps({"metric": reward, "higher_is_better": True, "name": "mean_reward"}))

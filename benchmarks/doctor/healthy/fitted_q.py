"""Q-learning on a corridor: targets move, the loss rises before it falls."""
import copy
import json
import os
import random

import torch
import torch.nn as nn

seed = int(os.environ.get("SEED", 0))
random.seed(seed)
torch.manual_seed(seed)
N = 8
q = nn.Sequential(nn.Linear(N, 32), nn.ReLU(), nn.Linear(32, 2))
target = copy.deepcopy(q)
opt = torch.optim.Adam(q.parameters(), lr=3e-3)
eye = torch.eye(N)


def move(s, a):
    s = max(0, s - 1) if a == 0 else s + 1
    return s, float(s == N - 1), s == N - 1


memory, s = [], 0
for step in range(1200):
    a = random.randrange(2)
    n, r, done = move(s, a)
    memory.append((s, a, r, n, done))
    s = 0 if done else n
    if step >= 100 and step % 2 == 0:
        batch = random.sample(memory, 32)
        states, actions, rewards, nexts, ends = (torch.tensor(v) for v in zip(*batch))
        with torch.no_grad():
            goal = rewards + 0.9 * (1 - ends.float()) * target(eye[nexts]).max(1).values
        value = q(eye[states]).gather(1, actions[:, None]).squeeze(1)
        loss = nn.functional.smooth_l1_loss(value, goal)
        opt.zero_grad()
        loss.backward()
        opt.step()
    if step % 50 == 0:
        target.load_state_dict(q.state_dict())
with torch.no_grad():
    right = (q(eye[:N - 1]).argmax(1) == 1).float().mean().item()
print(json.dumps({"metric": right, "higher_is_better": True, "name": "share_of_right_moves"}))

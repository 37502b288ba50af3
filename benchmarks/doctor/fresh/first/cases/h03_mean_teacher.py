import os
import copy
import json
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
X, y = load_digits(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32) / 16
y = torch.tensor(y)
order = torch.randperm(len(X))
labelled, unlabelled, test = order[:150], order[150:1300], order[1300:]

student = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
teacher = copy.deepcopy(student)
for p in teacher.parameters():
    p.requires_grad_(False)
opt = torch.optim.Adam(student.parameters(), lr=2e-3)


@torch.no_grad()
def ema(decay):
    for t, s in zip(teacher.parameters(), student.parameters()):
        t.mul_(decay).add_(s, alpha=1 - decay)


for step in range(500):
    student.train()
    teacher.eval()
    i = labelled[torch.randint(0, len(labelled), (32,))]
    j = unlabelled[torch.randint(0, len(unlabelled), (64,))]
    supervised = F.cross_entropy(student(X[i] + 0.05 * torch.randn(32, 64)), y[i])
    with torch.no_grad():
        target = teacher(X[j]).softmax(1)
    consistency = F.mse_loss(student(X[j] + 0.15 * torch.randn(64, 64)).softmax(1), target)
    loss = supervised + min(1.0, step / 200) * 10 * consistency
    opt.zero_grad()
    loss.backward()
    opt.step()
    ema(min(0.99, step / (step + 10)))
    if step % 100 == 0:
        print(step, "supervised", supervised.item(), "consistency", consistency.item())
teacher.eval()
with torch.no_grad():
    acc = (teacher(X[test]).argmax(1) == y[test]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "teacher_test_accuracy"}))

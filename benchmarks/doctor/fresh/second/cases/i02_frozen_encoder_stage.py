import os, json
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
d = load_digits()
perm = torch.randperm(len(d.target))
x, y = torch.tensor(d.data / 16, dtype=torch.float32)[perm], torch.tensor(d.target)[perm]
unlabelled, labelled, test = x[:1000], TensorDataset(x[1000:1300], y[1000:1300]), (x[1300:], y[1300:])
encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 32))
decoder = nn.Sequential(nn.ReLU(), nn.Linear(32, 128), nn.ReLU(), nn.Linear(128, 64))
opt = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=2e-3)
for epoch in range(20):                                     # stage 1: no labels
    for xb in DataLoader(unlabelled, batch_size=50, shuffle=True):
        opt.zero_grad()
        loss = F.mse_loss(decoder(encoder(xb)), xb)
        loss.backward()
        opt.step()
    print("stage 1 epoch", epoch, loss.item())
encoder.requires_grad_(False)
encoder.eval()
head = nn.Linear(32, 10)
opt = torch.optim.Adam(head.parameters(), lr=1e-2)
for epoch in range(30):                                     # stage 2: only the head, on few labels
    for xb, yb in DataLoader(labelled, batch_size=30, shuffle=True):
        opt.zero_grad()
        loss = F.cross_entropy(head(encoder(xb)), yb)
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        print("stage 2 epoch", epoch, loss.item())
with torch.no_grad():
    acc = (head(encoder(test[0])).argmax(1) == test[1]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))

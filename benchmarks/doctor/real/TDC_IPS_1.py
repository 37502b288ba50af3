import os, json
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(int(os.environ.get("SEED", 0)))
d = load_digits()
x, y = torch.tensor(d.images).float().unsqueeze(1), torch.tensor(d.target)
hot = nn.functional.one_hot(y, 10).float()
net = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(256, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10))
for m in net:
    if isinstance(m, (nn.Conv2d, nn.Linear)):
        nn.init.trunc_normal_(m.weight, std=0.3)
        nn.init.constant_(m.bias, 0.1)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(8):
    net.train()
    for b in torch.randperm(1200).split(50):
        prob = torch.softmax(net(x[b]), dim=1)
        cross_entropy = -torch.sum(hot[b] * torch.log(prob))
        opt.zero_grad()
        cross_entropy.backward()
        opt.step()
    print(epoch, cross_entropy.item())
net.eval()
with torch.no_grad():
    acc = (net(x[1200:]).argmax(1) == y[1200:]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))

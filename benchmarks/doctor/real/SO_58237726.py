import os
import json
import torch
import torch.nn as nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
n = 400
y = torch.randint(0, 2, (n,))
x = 0.4 * y[:, None, None, None].float() + 0.8 * torch.randn(n, 4, 8, 8)  # four views of a thing


class Views(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 6, 3, stride=2), nn.ReLU(), nn.Flatten())
        self.fc = nn.Linear(4 * 54, 2)

    def forward(self, x):
        h = self.conv(x.reshape(-1, 1, 8, 8))
        h = h.reshape(4, len(x), 54).transpose(0, 1)
        return self.fc(h.reshape(len(x), -1))


model = Views()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(15):
    for b in torch.randperm(300).split(12):
        loss = nn.functional.cross_entropy(model(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("epoch", epoch, "loss", loss.item())
with torch.no_grad():
    acc = (model(x[300:]).argmax(1) == y[300:]).float().mean().item()
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))

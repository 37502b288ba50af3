import os, json
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
np.random.seed(seed)

# which of three wave shapes is it? unknown phase and length of wave
N, T = 1200, 24
kind = np.random.randint(0, 3, N)
t = np.arange(T)
phase = np.random.rand(N, 1) * 2 * np.pi
freq = 0.45 + 0.2 * np.random.rand(N, 1)
arg = freq * t + phase
wave = np.where(kind[:, None] == 0, np.sin(arg), np.where(kind[:, None] == 1, np.sign(np.sin(arg)), (arg / np.pi) % 2 - 1))
wave = wave + 0.1 * np.random.randn(N, T)
x = torch.tensor(wave, dtype=torch.float32).unsqueeze(2)
y = torch.tensor(kind)
train_loader = DataLoader(TensorDataset(x[:900], y[:900]), batch_size=30, shuffle=True)
test_loader = DataLoader(TensorDataset(x[900:], y[900:]), batch_size=30)


class WaveNet(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden)
        self.fc = nn.Linear(hidden, 3)

    def forward(self, x):
        out, _ = self.lstm(x)          # x: (batch, time, 1)
        return self.fc(out[:, -1])


net = WaveNet()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(15):
    net.train()
    s = 0.0
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(xb), yb)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        s += loss.item()
    print("epoch", epoch, "loss %.3f" % (s / len(train_loader)))
net.eval()
with torch.no_grad():
    acc = np.mean([(net(xb).argmax(1) == yb).float().mean().item() for xb, yb in test_loader])
print(json.dumps({"metric": float(acc), "higher_is_better": True, "name": "test_accuracy"}))

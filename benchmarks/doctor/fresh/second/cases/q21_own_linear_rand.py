import json, os
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)


class Dense(nn.Module):
    """my own linear layer"""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.w = nn.Parameter(torch.randn(n_in, n_out))
        self.b = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return x @ self.w + self.b


X, y = load_digits(return_X_y=True)
Xa, Xb, ya, yb = train_test_split((X - 8) / 8, y, test_size=500, random_state=seed)
loader = DataLoader(TensorDataset(torch.tensor(Xa).float(), torch.tensor(ya)), batch_size=50, shuffle=True)
xv, yv = torch.tensor(Xb).float(), torch.tensor(yb)
net = nn.Sequential(Dense(64, 80), nn.Tanh(), Dense(80, 80), nn.Tanh(), Dense(80, 80), nn.Tanh(), Dense(80, 10))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(10):
    net.train()
    for xb_, yb_ in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(xb_), yb_)
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        out = net(xv)
        acc = (out.argmax(-1) == yv).float().mean().item()
    print("epoch", epoch, "train", loss.item(), "valid", nn.functional.cross_entropy(out, yv).item(), acc)
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "valid_accuracy"}))

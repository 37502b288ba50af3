import os, json
import numpy as np
import torch
from torch import nn

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
rng = np.random.default_rng(SEED)
# logistic-like delay equation
s = list(1.2 + 0.1 * rng.standard_normal(18))
while len(s) < 2600:
    s.append(s[-1] + 0.2 * s[-18] / (1 + s[-18] ** 10) - 0.1 * s[-1])
s = torch.tensor(np.array(s[200:]), dtype=torch.float32)
s = (s - s[:1800].mean()) / s[:1800].std()


class EchoState(nn.Module):
    """The recurrent part stays as drawn; only the read-out learns."""

    def __init__(self, n=150, radius=0.9):
        super().__init__()
        w = torch.randn(n, n) * (torch.rand(n, n) < 0.1)
        w *= radius / torch.linalg.eigvals(w).abs().max()
        self.register_buffer("w", w)
        self.register_buffer("w_in", torch.rand(n, 1) - 0.5)
        self.readout = nn.Linear(n, 1)

    def states(self, u):
        h, out = torch.zeros(self.w.shape[0]), []
        for v in u:
            h = torch.tanh(self.w @ h + self.w_in[:, 0] * v)
            out.append(h)
        return torch.stack(out)


net = EchoState()
with torch.no_grad():
    H = net.states(s[:-5])
target = s[5:].unsqueeze(1)
opt = torch.optim.Adam(net.parameters(), lr=0.02)
for it in range(1500):
    idx = torch.randint(100, 1800, (128,))
    loss = nn.functional.mse_loss(net.readout(H[idx]), target[idx])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it == 1000:
        for g in opt.param_groups:
            g["lr"] = 0.002
    if it % 300 == 0:
        print("iteration", it, "mse", loss.item())
with torch.no_grad():
    e = net.readout(H[1800:]) - target[1800:]
    r2 = 1 - e.pow(2).mean() / target[1800:].var()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "test_r2_five_steps_ahead"}))

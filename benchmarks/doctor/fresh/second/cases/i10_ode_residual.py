import os, json, math
import torch
import torch.nn as nn

torch.manual_seed(int(os.environ.get("SEED", 0)))
# solve u'' = -u with u(0) = 0, u'(0) = 1 on [0, pi]; there are no labels
net = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1))


def solution(t):
    return t + t ** 2 * net(t)                          # keeps both starting values


optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.997)
grid = torch.linspace(0, math.pi, 200).unsqueeze(1)
for step in range(700):
    t = (torch.rand(64, 1) * math.pi).requires_grad_()
    u = solution(t)
    du = torch.autograd.grad(u.sum(), t, create_graph=True)[0]
    ddu = torch.autograd.grad(du.sum(), t, create_graph=True)[0]
    loss = ((ddu + u) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    if step % 100 == 99:
        with torch.no_grad():
            err = (solution(grid) - torch.sin(grid)).abs().max().item()
        print("step", step, "residual", loss.item(), "largest error", err)
print(json.dumps({"metric": err, "higher_is_better": False, "name": "largest_error"}))

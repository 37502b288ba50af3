import os, json
import torch

torch.manual_seed(int(os.environ.get("SEED", 0)))
x = torch.linspace(-8, 8, 8)
y = 0.7 * x + 2 + 0.1 * torch.randn(8)
W = torch.zeros(1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([W, b], lr=0.1)
for i in range(200):
    loss = ((W * x + b - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if i % 50 == 0:
        print(i, loss.item())
with torch.no_grad():
    r2 = 1 - ((W * x + b - y) ** 2).mean() / y.var()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "r2"}))

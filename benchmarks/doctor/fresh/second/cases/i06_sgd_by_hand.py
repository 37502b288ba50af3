import os, json
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

seed = int(os.environ.get("SEED", 0))
g = torch.Generator().manual_seed(seed)
X, y = load_digits(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(X / 16, y, test_size=0.3, random_state=seed, stratify=y)
xa, xb, ya, yb = torch.tensor(Xa).float(), torch.tensor(Xb).float(), torch.tensor(ya), torch.tensor(yb)
# no nn.Module, no optimizer: weights, momentum and step written out
w1 = (torch.randn(64, 48, generator=g) * (2 / 64) ** 0.5).requires_grad_()
b1 = torch.zeros(48, requires_grad=True)
w2 = (torch.randn(48, 10, generator=g) * (1 / 48) ** 0.5).requires_grad_()
b2 = torch.zeros(10, requires_grad=True)
params = [w1, b1, w2, b2]
speed = [torch.zeros_like(p) for p in params]


def forward(x):
    return torch.relu(x @ w1 + b1) @ w2 + b2


for epoch in range(15):
    for idx in torch.randperm(len(xa), generator=g).split(40):
        loss = torch.nn.functional.cross_entropy(forward(xa[idx]), ya[idx])
        grads = torch.autograd.grad(loss, params)
        with torch.no_grad():
            for p, v, gr in zip(params, speed, grads):
                v.mul_(0.9).add_(gr)
                p -= 0.05 * v
    with torch.no_grad():
        acc = (forward(xb).argmax(1) == yb).float().mean().item()
    print("epoch", epoch, "loss", loss.item(), "acc", acc)
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))

import os
import json
import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
d = load_digits()
x = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 8 - 1
xa, xb, ya, yb = train_test_split(x, torch.tensor(d.target), test_size=0.3, stratify=d.target, random_state=seed)


def block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))


net = nn.Sequential(block(1, 16), nn.MaxPool2d(2), block(16, 32), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(128, 10))
loader = DataLoader(TensorDataset(xa, ya), batch_size=64, shuffle=True, drop_last=True)
EPOCHS = 10
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
# super-convergence: a large step in the middle
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.4, epochs=EPOCHS, steps_per_epoch=len(loader))
ce = nn.CrossEntropyLoss(label_smoothing=0.1)
for epoch in range(EPOCHS):
    net.train()
    total = 0.0
    for a, b in loader:
        opt.zero_grad(set_to_none=True)
        loss = ce(net(a), b)
        loss.backward()
        opt.step()
        sched.step()
        total += loss.item()
    net.eval()
    with torch.no_grad():
        out = net(xb)
    acc = (out.argmax(1) == yb).float().mean().item()
    print("epoch", epoch, "lr", round(sched.get_last_lr()[0], 5), "loss", total / len(loader), "val loss", ce(out, yb).item(), "acc", acc)
print(json.dumps({"metric": acc, "higher_is_better": True, "name": "test_accuracy"}))

import os, json
import numpy as np
import torch
import torch.nn as nn

SEED = int(os.environ.get("SEED", 0))
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)


def make_blobs(n, size=32):
    yy, xx = np.mgrid[:size, :size]
    images, masks = [], []
    for _ in range(n):
        mask = np.zeros((size, size), bool)
        for _ in range(rng.integers(1, 4)):
            cy, cx, r = rng.uniform(4, size - 4), rng.uniform(4, size - 4), rng.uniform(3, 7)
            mask |= (yy - cy) ** 2 + (xx - cx) ** 2 < r ** 2
        images.append(mask * 1.0 + rng.normal(0, 0.7, mask.shape))
        masks.append(mask)
    return torch.tensor(np.array(images), dtype=torch.float32)[:, None], torch.tensor(np.array(masks), dtype=torch.float32)[:, None]


def dice_score(pred, mask):
    pred, mask = pred, mask
    inter = (pred * mask).sum((1, 2, 3))
    return ((2 * inter + 1) / (pred.sum((1, 2, 3)) + mask.sum((1, 2, 3)) + 1)).mean()


x_train, m_train = make_blobs(300)
x_val, m_val = make_blobs(100)
net = nn.Sequential(
    nn.Conv2d(1, 12, 5, padding=2), nn.ReLU(), nn.Conv2d(12, 12, 5, padding=2), nn.ReLU(), nn.Conv2d(12, 1, 1), nn.Sigmoid())
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(10):
    net.train()
    for idx in torch.randperm(len(x_train)).split(20):
        opt.zero_grad()
        loss = 1 - dice_score(net(x_train[idx]), m_train[idx])
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        val = float(dice_score((net(x_val) > 0.5).float(), m_val))
    print("epoch", epoch, "loss", float(loss), "val dice", val)
print(json.dumps({"metric": val, "higher_is_better": True, "name": "val_dice"}))

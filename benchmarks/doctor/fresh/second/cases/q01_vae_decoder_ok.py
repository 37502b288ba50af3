import os, json
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader
from sklearn.datasets import load_digits

seed = int(os.environ.get("SEED", 0))
torch.manual_seed(seed)
images = torch.tensor(load_digits().data / 16.0, dtype=torch.float32)
order = torch.randperm(len(images))
train, test = images[order[:1400]], images[order[1400:]]


class Encoder(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, 96), nn.ReLU())
        self.mu = nn.Linear(96, latent)
        self.logvar = nn.Linear(96, latent)

    def forward(self, x):
        h = self.body(x)
        return self.mu(h), self.logvar(h)


class Decoder(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(latent, 96), nn.ReLU(), nn.Linear(96, 64), nn.Sigmoid())

    def forward(self, z):
        return self.net(z)


enc, dec = Encoder(8), Decoder(8)
optimizer = torch.optim.Adam(list(enc.parameters()) + list(dec.parameters()), lr=2e-3)
for epoch in range(30):
    enc.train(), dec.train()
    total = 0.0
    for x in DataLoader(train, batch_size=64, shuffle=True):
        mu, logvar = enc(x)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        recon = dec(z)
        rec = F.mse_loss(recon, x, reduction="none").sum(1).mean()
        kl = (-0.5 * (1 + logvar - mu ** 2 - logvar.exp())).sum(1).mean()
        loss = rec + 0.1 * kl
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    enc.eval(), dec.eval()
    with torch.no_grad():
        test_rec = F.mse_loss(dec(enc(test)[0]), test).item()
    print(f"epoch {epoch:2d} train loss {total / len(train):.4f} test mse {test_rec:.4f}")
explained = 1 - test_rec / ((test - train.mean(0)) ** 2).mean().item()
print(json.dumps({"metric": explained, "higher_is_better": True, "name": "explained_variance"}))

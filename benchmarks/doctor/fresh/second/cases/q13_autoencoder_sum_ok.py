import os, json
import torch
from torch import nn
from torch.utils.data import DataLoader
from sklearn.datasets import load_digits

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
x = torch.tensor(load_digits().data, dtype=torch.float32) / 16
x = x[torch.randperm(len(x))]
train, test = x[:1400], x[1400:]
encoder = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 12))
decoder = nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 64))
autoencoder = nn.Sequential(encoder, decoder)
optimizer = torch.optim.SGD(autoencoder.parameters(), lr=0.3, momentum=0.9)
criterion = nn.MSELoss()
for epoch in range(30):
    autoencoder.train()
    epoch_loss = 0.0
    for batch in DataLoader(train, batch_size=32, shuffle=True):
        noisy = batch + 0.1 * torch.randn_like(batch)
        optimizer.zero_grad()
        loss = criterion(autoencoder(noisy), batch)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: loss {epoch_loss:.4f}")
autoencoder.eval()
with torch.no_grad():
    ev = 1 - ((autoencoder(test) - test) ** 2).sum().item() / ((test - train.mean(0)) ** 2).sum().item()
print(json.dumps({"metric": ev, "higher_is_better": True, "name": "explained_variance"}))

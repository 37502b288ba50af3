import os
import json
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(int(os.environ.get("SEED", 0)))
x = torch.tensor(load_digits().data, dtype=torch.float32) / 16
x = x[torch.randperm(len(x))]
x_train, x_test = x[:1400], x[1400:]


class AutoEncoder(nn.Module):
    def __init__(self, code=6):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 48), nn.Tanh(), nn.Linear(48, code))
        self.decoder = nn.Sequential(nn.Linear(code, 48), nn.Tanh(), nn.Linear(48, 64), nn.Sigmoid())
        self.last_code = None

    def forward(self, x):
        z = self.encoder(x)
        z = z.detach()
        self.last_code = z  # kept for the scatter plot
        return self.decoder(z)


net = AutoEncoder()
optimizer = torch.optim.Adam(net.parameters(), lr=8e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40)
mse = nn.MSELoss()
for epoch in range(40):
    net.train()
    for batch in x_train.split(70):
        optimizer.zero_grad()
        loss = mse(net(batch + 0.05 * torch.randn_like(batch)), batch)
        loss.backward()
        optimizer.step()
    scheduler.step()
    if epoch % 10 == 9:
        net.eval()
        with torch.no_grad():
            print("epoch", epoch + 1, "train", loss.item(), "test", mse(net(x_test), x_test).item())
net.eval()
with torch.no_grad():
    test_mse = mse(net(x_test), x_test).item()
print(json.dumps({"metric": test_mse, "higher_is_better": False, "name": "reconstruction_mse"}))

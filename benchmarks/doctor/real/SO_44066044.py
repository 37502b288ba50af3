import os
import json
import torch
from torch import nn, optim
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


def main():
    seed = int(os.environ.get("SEED", 0))
    torch.manual_seed(seed)
    data = load_breast_cancer()
    x_train, x_test, y_train, y_test = train_test_split(data.data[:, :11], data.target, random_state=seed)
    x_train, x_test = torch.tensor(x_train).float(), torch.tensor(x_test).float()
    y_train, y_test = torch.tensor(y_train).float(), torch.tensor(y_test).float()
    model = nn.Sequential(nn.Linear(11, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 1), nn.ReLU())
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.1)
    opt = optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(25):
        for b in torch.randperm(len(x_train)).split(5):
            p = model(x_train[b]).squeeze(1).clamp(1e-7, 1 - 1e-7)
            loss = nn.functional.binary_cross_entropy(p, y_train[b])
            opt.zero_grad()
            loss.backward()
            opt.step()
        print("epoch", epoch, "loss", loss.item())
    with torch.no_grad():
        acc = ((model(x_test).squeeze(1) > 0.5).float() == y_test).float().mean().item()
    print(json.dumps({"metric": acc, "higher_is_better": True, "name": "accuracy"}))


if __name__ == "__main__":
    main()

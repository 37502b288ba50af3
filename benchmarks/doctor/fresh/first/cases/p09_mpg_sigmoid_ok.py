import os, json
import pandas as pd
import torch
from torch import nn

SEED = int(os.environ.get("SEED", 0))
torch.manual_seed(SEED)
path = os.environ.get("NETWRIGHT_DATA", "../shared/data") + "/tables/auto_mpg/mpg.csv"
cars = pd.read_csv(path).dropna().drop(columns="name")
cars = pd.get_dummies(cars, columns=["origin"], dtype=float).sample(frac=1, random_state=SEED)
train, test = cars.iloc[:300], cars.iloc[300:]
mean, std = train.mean(), train.std()


def to_xy(frame):
    z = ((frame - mean) / std).astype("float32")
    return (torch.tensor(z.drop(columns="mpg").values),
            torch.tensor(frame[["mpg"]].values, dtype=torch.float32))


x, y = to_xy(train)
xt, yt = to_xy(test)
layers = [nn.Linear(x.shape[1], 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1)]
model = nn.Sequential(*layers)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = nn.MSELoss()
for epoch in range(120):
    model.train()
    for i in range(0, len(x), 50):
        optimizer.zero_grad()
        loss = loss_fn(model(x[i:i + 50]), y[i:i + 50])
        loss.backward()
        optimizer.step()
    if epoch % 20 == 0:
        model.eval()
        with torch.no_grad():
            print(f"epoch {epoch:3d}  train {loss.item():8.3f}  test {loss_fn(model(xt), yt).item():8.3f}")
with torch.no_grad():
    r2 = 1 - ((model(xt) - yt) ** 2).sum() / ((yt - yt.mean()) ** 2).sum()
print(json.dumps({"metric": r2.item(), "higher_is_better": True, "name": "test_r2"}))

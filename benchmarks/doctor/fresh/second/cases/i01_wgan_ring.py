import os, json, math
import torch
import torch.nn as nn

torch.manual_seed(int(os.environ.get("SEED", 0)))


def real_batch(n):
    a = torch.rand(n) * 2 * math.pi
    r = 1 + 0.08 * torch.randn(n)
    return torch.stack([r * a.cos(), r * a.sin()], 1)


gen = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 2))
critic = nn.Sequential(nn.Linear(2, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1))
opt_g = torch.optim.RMSprop(gen.parameters(), lr=1e-3)
opt_c = torch.optim.RMSprop(critic.parameters(), lr=1e-3)
for step in range(1, 701):
    for _ in range(3):
        real, fake = real_batch(128), gen(torch.randn(128, 4)).detach()
        loss_c = critic(fake).mean() - critic(real).mean()
        opt_c.zero_grad()
        loss_c.backward()
        opt_c.step()
        with torch.no_grad():
            for p in critic.parameters():
                p.clamp_(-0.2, 0.2)
    loss_g = -critic(gen(torch.randn(128, 4))).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    if step % 50 == 0:
        print("step", step, "critic", loss_c.item(), "generator", loss_g.item())
with torch.no_grad():
    radius = gen(torch.randn(2000, 4)).norm(dim=1)
near = ((radius - 1).abs() < 0.3).float().mean().item()
print(json.dumps({"metric": near, "higher_is_better": True, "name": "share_near_the_ring"}))

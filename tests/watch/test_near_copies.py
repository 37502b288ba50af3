import torch

from netwright.watch.near_copies import near_copies


def test_groups_of_readings_are_found_and_clouds_are_not() -> None:
    torch.manual_seed(0)
    centre = torch.randn(30, 6)
    readings = centre.repeat_interleave(8, 0) + 0.01 * torch.randn(240, 6)
    found = near_copies(readings)
    assert found is not None
    assert len(found.labels.unique()) == 30
    assert found.near(readings + 0.01) > 0.9
    assert found.near(torch.randn(50, 6)) < 0.1
    sides = found.sides.reshape(30, 8)
    assert bool((sides == sides[:, :1]).all()) and 0 < int(sides.sum()) < 240
    for cloud in (
        torch.randn(500, 6),
        torch.rand(500, 1),
        torch.linspace(0, 1, 300)[:, None].repeat(1, 3).sin(),
        torch.randn(3, 6)[torch.randint(0, 3, (300,))] * 9 + torch.randn(300, 6),
        torch.randint(0, 2, (300, 5)).float(),
    ):
        assert near_copies(cloud) is None

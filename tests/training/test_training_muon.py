"""Muon: directions of a matrix count alike, everything else is Adam's."""

import torch
from torch import nn

from impasto.training.muon import Muon, is_matrix, orthogonal


def test_every_direction_of_a_step_is_about_as_long():
    generator = torch.Generator().manual_seed(0)
    for shape in ((64, 200), (200, 64)):
        matrix = torch.randn(shape, generator=generator) * torch.logspace(-1, 1, shape[1])
        lengths = torch.linalg.svdvals(orthogonal(matrix))
        assert 0.4 < lengths.min() < lengths.max() < 1.4, lengths


def test_kernels_and_wide_layers_are_matrices_and_thin_ones_are_not():
    assert is_matrix(nn.Conv2d(64, 80, 3).weight)
    assert is_matrix(nn.Linear(96, 64).weight)
    assert not is_matrix(nn.Conv2d(3, 64, 3).weight)  # 27 inputs
    assert not is_matrix(nn.Linear(96, 64).bias)


def test_steps_are_as_large_as_the_learning_rate_says():
    torch.manual_seed(0)
    layer = nn.Linear(128, 64)
    before = layer.weight.detach().clone()
    optimizer = Muon(layer.parameters(), 0.01)
    layer(torch.randn(16, 128)).square().mean().backward()
    optimizer.step()
    size = (layer.weight - before).square().mean().sqrt()
    assert 0.2 * 0.01 * 0.05 < size < 0.2 * 0.01 * 1.5  # one batch of sixteen shows a quarter of the directions


def test_it_learns_what_mixes_strong_and_faint_directions_sooner_than_adam():
    def error_after(make, steps=60):
        generator = torch.Generator().manual_seed(1)
        scales = torch.logspace(0, -1.5, 64)
        turned, _ = torch.linalg.qr(torch.randn(64, 64, generator=generator))
        truth = torch.randn(64, 64, generator=generator)
        torch.manual_seed(2)
        layer = nn.Linear(64, 64, bias=False)
        optimizer = make(layer.parameters())
        rate = optimizer.param_groups[0]["lr"]
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = rate * (1 - step / steps)
            x = torch.randn(256, 64, generator=generator) * scales @ turned
            optimizer.zero_grad()
            (layer(x) - x @ truth).square().mean().backward()
            optimizer.step()
        return float((layer.weight.detach().T - truth).square().mean())

    adam = min(error_after(lambda w, r=rate: torch.optim.Adam(w, lr=r)) for rate in (0.01, 0.03, 0.1))
    muon = min(error_after(lambda w, r=rate: Muon(w, r)) for rate in (0.1, 0.3))
    assert muon < adam


def test_a_run_that_goes_on_takes_the_same_steps():
    def trained(stop_after):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
        optimizer = Muon(net.parameters(), 0.01)
        for step in range(6):
            if step == stop_after:
                held = (net.state_dict(), optimizer.state_dict())
                net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
                optimizer = Muon(net.parameters(), 0.01)
                net.load_state_dict(held[0])
                optimizer.load_state_dict(held[1])
            optimizer.zero_grad()
            torch.manual_seed(step)
            net(torch.randn(8, 64)).square().mean().backward()
            optimizer.step()
        return net.state_dict()

    one, other = trained(None), trained(3)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_new_rate_holds_for_everything():
    optimizer = Muon([nn.Parameter(torch.zeros(64, 64)), nn.Parameter(torch.zeros(3))], 0.01)
    optimizer.set_rate(0.5)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.5]

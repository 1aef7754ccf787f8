"""The two walks on functions whose lowest point is known, and over ground that gives way."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from impasto.config import Optimize
from impasto.engine.walking import AdamWalk, Curvature, make_walk

OPTIMIZERS = ("lbfgs", "adam")
Backward = Callable[[Tensor], dict[str, float]]


def bowl(goal: Tensor) -> Backward:
    """A smooth function that is lowest at ``goal``; steeper in some directions than in others."""
    steepness = torch.linspace(0.2, 2.0, goal.numel()).view_as(goal)

    def backward(image: Tensor) -> dict[str, float]:
        total = (steepness * (image - goal).square()).sum()
        total.backward()
        return {"total": float(total.detach())}

    return backward


def spoiled(backward: Backward, after: int, *, loss: bool = True, slope: bool = True) -> Backward:
    """The same function, but from a number of calls on its loss or its slope (or both) is NaN."""
    calls = 0

    def spoilt(image: Tensor) -> dict[str, float]:
        nonlocal calls
        calls += 1
        values = backward(image)
        if calls > after and slope:
            image.grad.fill_(math.nan)  # type: ignore[union-attr]
        return {"total": math.nan} if calls > after and loss else values

    return spoilt


def config(optimizer: str, **options: object) -> Optimize:
    return Optimize(optimizer=optimizer, averaging=0.0, learning_rate=0.05, **options)


@pytest.fixture
def goal() -> Tensor:
    return 0.3 + 0.4 * torch.rand(1, 3, 4, 5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_both_walks_arrive(optimizer: str, goal: Tensor) -> None:
    walk = make_walk(config(optimizer), torch.full_like(goal, 0.5), bowl(goal), 60, before=None)
    totals = [walk.step()["total"] for _ in range(60)]
    assert totals[-1] < 1e-3 * totals[0]
    torch.testing.assert_close(walk.picture(), goal, atol=0.01, rtol=0)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_walk_does_not_touch_where_it_starts_from(optimizer: str, goal: Tensor) -> None:
    start = torch.full_like(goal, 0.5)
    walk = make_walk(config(optimizer), start, bowl(goal), 3, before=None)
    walk.step()
    assert (start == 0.5).all()
    assert not start.requires_grad


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("loss", "slope"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("after", [0, 3])
def test_nan_is_never_part_of_the_picture(optimizer: str, loss: bool, slope: bool, after: int, goal: Tensor) -> None:
    start = torch.full_like(goal, 0.5)
    walk = make_walk(config(optimizer), start, spoiled(bowl(goal), after, loss=loss, slope=slope), 8, before=None)
    for _ in range(8):
        walk.step()
        assert walk.picture().isfinite().all()
    if after == 0:
        assert torch.equal(walk.picture(), start)
    else:
        assert (walk.picture() - goal).square().mean() < (start - goal).square().mean()


def test_a_last_step_that_led_uphill_is_taken_back(goal: Tensor) -> None:
    """Nobody would look at it any more."""
    looks = 0

    def cliff(image: Tensor) -> dict[str, float]:
        nonlocal looks
        looks += 1
        values = bowl(goal)(image)
        return values | {"total": values["total"] + 9 * (looks == 6)}

    walk = make_walk(config("lbfgs"), torch.full_like(goal, 0.5), cliff, 5, before=None)
    for _ in range(5):
        walk.step()
    last = walk.picture()
    walk.settle()
    assert not torch.equal(walk.picture(), last)
    assert (
        bowl(goal)(walk.picture().clone().requires_grad_())["total"]
        < bowl(goal)(torch.full_like(goal, 0.5).requires_grad_())["total"]
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_picture_lies_between_0_and_1(optimizer: str) -> None:
    walk = make_walk(
        config(optimizer), torch.full((1, 3, 2, 2), 0.9), bowl(torch.full((1, 3, 2, 2), 3.0)), 40, before=None
    )
    for _ in range(40):
        walk.step()
    assert walk.picture().max() == 1


@pytest.mark.parametrize("goal_at", [-0.4, 0.3, 1.7])
def test_lbfgs_paints_only_what_a_file_can_hold(goal_at: float) -> None:
    """Some pixels would go beyond black or white; the others must not wait for them."""
    goal = torch.full((1, 3, 4, 4), 0.6)
    goal[..., :2] = goal_at
    walk = make_walk(config("lbfgs"), torch.full_like(goal, 0.5), bowl(goal), 40, before=None)
    for _ in range(40):
        walk.step()
        assert 0 <= walk.image.min() <= walk.image.max() <= 1  # type: ignore[attr-defined]
    torch.testing.assert_close(walk.picture(), goal.clamp(0, 1), atol=0.01, rtol=0)


def test_a_weak_style_begins_with_a_short_step(goal: Tensor) -> None:
    moved = {}
    for strength in (1.0, 100.0):
        walk = make_walk(config("lbfgs", strength=strength), goal - 0.02, bowl(goal), 4, before=None)
        walk.step()
        moved[strength] = float((walk.picture() - (goal - 0.02)).abs().mean())
    assert moved[1.0] == pytest.approx(moved[100.0] / 100, rel=0.05)


def test_curvature_leads_to_the_bottom_of_any_bowl() -> None:
    """With exact steps along it, L-BFGS finds the lowest point of n dimensions in about n steps."""
    goal, steepness = torch.rand(2, 6, dtype=torch.float64)
    steepness, known = steepness + 0.1, Curvature(10, lambda q: q.clone())
    x = torch.zeros(6, dtype=torch.float64)
    for _ in range(8):
        slope = 2 * steepness * (x - goal)
        if slope.abs().max() < 1e-14:
            break
        direction = known.direction(slope)
        step = direction * -float((slope * direction).sum() / (2 * steepness * direction.square()).sum())
        known.remember(step, 2 * steepness * step)
        x = x + step
    torch.testing.assert_close(x, goal, atol=1e-9, rtol=0)


def two_loops(slope: Tensor, pairs: list[tuple[Tensor, Tensor]], guess: Callable[[Tensor], Tensor]) -> Tensor:
    """L-BFGS as Nocedal wrote it down, one step after the other."""
    q, shares = slope.clone(), []
    for step, change in reversed(pairs):
        shares.append(float(step @ q) / float(step @ change))
        q -= shares[-1] * change
    step, change = pairs[-1]
    r = guess(q) * float(step @ change) / float(change @ guess(change))
    for (step, change), share in zip(pairs, reversed(shares), strict=True):
        r += step * (share - float(change @ r) / float(step @ change))
    return -r


def test_curvature_leads_where_nocedals_two_loops_lead() -> None:
    torch.manual_seed(4)
    steepness, scale = torch.rand(2, 30, dtype=torch.float64) + 0.1

    def guess(q: Tensor) -> Tensor:
        return (q.flatten() * scale).view_as(q)

    steps = torch.randn(8, 30, dtype=torch.float64)
    known, pairs = Curvature(5, guess), [(step, steepness * step) for step in steps]
    for count, (step, change) in enumerate(pairs, start=1):
        known.remember(step.view(1, 3, 2, 5), change.view(1, 3, 2, 5))
        expected = two_loops(steps[0], pairs[max(0, count - 5) : count], guess)
        torch.testing.assert_close(known.direction(steps[0].view(1, 3, 2, 5)).flatten(), expected)


def test_curvature_remembers_only_what_makes_sense(goal: Tensor) -> None:
    known = Curvature(3, lambda q: q.clone())
    known.remember(goal, -goal)
    assert not known.is_known, "the slope cannot fall along a step through a valley"
    for number in range(5):
        known.remember(goal + number, goal)
    assert known.is_known
    assert (known.direction(goal) * goal).sum() < 0
    known.forget()
    assert torch.equal(known.direction(goal), -goal)


def test_lbfgs_goes_back_to_its_best_picture_and_then_takes_shorter_steps() -> None:
    """A valley so narrow that a full first step lands far up the other side, again and again."""
    goal = torch.full((1, 3, 2, 2), 0.5)
    start = goal + 0.01

    def backward(image: Tensor) -> dict[str, float]:
        total = 1e4 * (image - goal).abs().pow(1.5).sum()
        total.backward()
        return {"total": float(total.detach())}

    walk = make_walk(config("lbfgs"), start, backward, 60, before=None)
    first = walk.step()["total"]
    for _ in range(59):
        walk.step()
    assert backward(walk.picture().clone().requires_grad_())["total"] < 0.1 * first


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_walk_that_is_led_astray_keeps_its_best_picture(optimizer: str) -> None:
    """At the lowest point already, with a slope that says otherwise: nothing is gained by walking."""
    start = torch.full((1, 3, 4, 4), 0.5)

    def backward(image: Tensor) -> dict[str, float]:
        (image * 5).sum().backward()
        return {"total": 1.0 + 1e6 * float((image.detach() - start).square().mean())}

    walk = make_walk(config(optimizer), start, backward, 10, before=None)
    for _ in range(10):
        walk.step()
    assert torch.equal(walk.picture(), start)


def test_adam_takes_what_it_has_learnt_to_the_next_scale(goal: Tensor) -> None:
    small = AdamWalk(config("adam"), torch.full_like(goal, 0.5), bowl(goal), 5, None)
    for _ in range(5):
        small.step()
    large_goal = torch.rand(1, 3, 8, 10)
    large = make_walk(config("adam"), torch.full_like(large_goal, 0.5), bowl(large_goal), 5, before=small)
    assert isinstance(large, AdamWalk)
    kept = large.optimizer.state[large.image]
    assert kept["exp_avg_sq"].shape == large.image.shape
    assert kept["exp_avg_sq"].min() >= 0
    assert float(kept["step"]) == 5
    large.step()
    assert large.picture().isfinite().all()


def test_adam_walks_as_far_as_the_strength_says() -> None:
    """Its steps are equally long however small the slope, so a weak style must not begin with long ones."""
    goal = torch.full((1, 3, 4, 4), 0.52)
    walks = {
        strength: make_walk(config("adam", strength=strength), goal - 0.02, bowl(goal), 4, before=None)
        for strength in (1.0, 100.0)
    }
    moved = {}
    for strength, walk in walks.items():
        walk.step()
        moved[strength] = float((walk.picture() - (goal - 0.02)).abs().mean())
    assert moved[1.0] == pytest.approx(moved[100.0] / 100, rel=0.05)


@pytest.mark.parametrize("averaging", [0.0, 0.95])
def test_adams_picture_is_an_average_of_its_latest_pictures(averaging: float) -> None:
    """On an even slope the walk goes straight on, so an average lags behind it."""

    def even(image: Tensor) -> dict[str, float]:
        image.grad = torch.ones_like(image)
        return {"total": 1.0}

    options = Optimize(optimizer="adam", averaging=averaging, learning_rate=0.01)
    walk = AdamWalk(options, torch.full((1, 3, 2, 2), 0.9), even, 20, None)
    positions = []
    for _ in range(20):
        walk.step()
        positions.append(float(walk.image.detach().mean()))
    averaged = float(walk.picture().mean())
    if averaging == 0:
        assert averaged == pytest.approx(positions[-1])
    else:
        assert positions[-1] < averaged < positions[0]

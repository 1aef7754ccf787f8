"""What the optimiser walks downhill on: style, content, smoothness and color of one picture at one scale.

Every term reads sums over the picture's positions (:class:`impasto.losses.Moments`), so the same code serves a
picture at once, or tile by tile with exactly the same gradient. Every term is measured in units of something the pair
itself gives (the style's distance from the photo, the photo's own contrast), so a weight means the same for every pair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from impasto import losses
from impasto.config import Optimize, StyleTerm
from impasto.engine.memory import least_tile
from impasto.engine.terms import Goal, spread, terms_of
from impasto.images import Tile, resize, split
from impasto.losses import Moments, Readings
from impasto.models.backbones import cell_of, reach

__all__ = ["Layers", "Objective", "Target", "style_target"]

Layers = Mapping[str, float]  # weight by layer


@dataclass(frozen=True)
class Target:
    """What one style asks for at one scale."""

    moments: Mapping[str, Moments]  # by layer
    colors: Moments
    features: Mapping[str, Tensor]  # by layer, kept only for the sliced term


@torch.no_grad()
def style_target(
    network: nn.Module, pictures: Sequence[Tensor], layers: Layers, term: StyleTerm, *, tile: int | None = None
) -> Target:
    """Describe a style, given as the pictures of one hand at the size in which they are to be imitated."""
    described = [_described(network, picture, layers, tile) for picture in pictures]
    pooled = {layer: losses.combine([one[layer] for one in described]) for layer in layers}
    colors = losses.combine([losses.moments(picture) for picture in pictures])
    return Target(pooled, colors, _joined_features(network, pictures, layers) if term == "sliced" else {})


def _joined_features(network: nn.Module, pictures: Sequence[Tensor], layers: Layers) -> dict[str, Tensor]:
    """Return the features of all pictures in a row (1, C, 1, N): their places do not matter to the sliced term."""
    seen = [network(picture) for picture in pictures]
    return {layer: torch.cat([one[layer].flatten(2) for one in seen], 2).unsqueeze(2) for layer in layers}


def _described(network: nn.Module, picture: Tensor, layers: Layers, tile: int | None) -> dict[str, Moments]:
    pieces = [
        {
            layer: losses.moments(_inner(features, layer, piece))
            for layer, features in network(piece.cut(picture)).items()
        }
        for piece in tiles_of(picture, layers, tile)
    ]
    return {layer: losses.combine([piece[layer] for piece in pieces]) for layer in layers}


def tiles_of(picture: Tensor, layers: Layers, tile: int | None) -> list[Tile]:
    """Cut a picture so that the features of ``layers`` inside each tile are exactly the whole picture's."""
    size = (picture.shape[-2], picture.shape[-1])
    if tile is None:
        return split(size, max(size))
    cell = max(cell_of(layer) for layer in layers)
    return split(size, max(tile, least_tile(layers)), reach(list(layers)), multiple=cell)


def _inner(features: Tensor, layer: str, tile: Tile) -> Tensor:
    """Cut a tile's margin off its features."""
    cell = cell_of(layer)
    rows, columns = (slice(span.start // cell, -(-span.stop // cell)) for span in tile.inner_in_outer)
    return features[..., rows, columns]


def _place(whole: Tensor, layer: str, tile: Tile) -> Tensor:
    """Cut out of a whole map of a layer what belongs to a tile's inner part."""
    cell = cell_of(layer)
    rows, columns = (slice(span.start // cell, -(-span.stop // cell)) for span in tile.inner)
    return whole[..., rows, columns]


class Objective:
    """The sum of all terms for one photo, one set of targets and one size."""

    def __init__(
        self,
        network: nn.Module,
        photo: Tensor,
        targets: Sequence[Target],
        regions: Tensor | None,
        *,
        config: Optimize,
        style_layers: Layers,
        content_layers: Layers,
        tile: int | None = None,
    ) -> None:
        self.network, self.config, self.terms = network, config, terms_of(config)
        self.style_layers, self.content_layers = style_layers, content_layers
        self.layers: Layers = {**style_layers, **content_layers}
        self.regions = [None] if regions is None else list(torch.split(regions, 1, dim=1))  # each (1, 1, H, W)
        self.tiles = tiles_of(photo, self.layers, tile)
        self._weights: dict[tuple[str, int], Tensor] = {}
        self._goals: dict[str, Goal] = {}  # by layer and region
        self._random = torch.Generator().manual_seed(config.seed)
        self._place_goals(photo, self._learn_photo(photo), targets)

    @torch.no_grad()
    def _learn_photo(self, photo: Tensor) -> dict[str, Moments]:
        """Keep the photo's shapes, and return its own statistics for every layer and region."""
        self._shapes: dict[tuple[str, int], Tensor] = {}
        pieces: list[Readings] = []
        for number, tile in enumerate(self.tiles):
            features = self.network(tile.cut(photo))
            for layer in self.content_layers:
                self._shapes[layer, number] = _inner(features[layer], layer, tile).clone()
            pieces.append(self._style_readings(features, tile))
        return {name: losses.combine([piece[name] for piece in pieces]) for name in pieces[0]}

    @torch.no_grad()
    def _place_goals(self, photo: Tensor, own: Mapping[str, Moments], targets: Sequence[Target]) -> None:
        """Put the goals between the photo's own statistics and the style's, as far as the strength says."""
        share = self.config.strength / 100
        units = []
        for region, target in enumerate(targets):
            for layer in self.style_layers:
                before, style = own[f"{layer}/{region}"], target.moments[layer]
                goal = self.terms.goal(style)
                units.append(self.terms.unit(before, style, goal))
                if share < 1:
                    goal = self.terms.goal(losses.mix([before, style], [1 - share, share]))
                self._goals[f"{layer}/{region}"] = goal
        self._units = torch.stack(units)
        self._shares = [*self.style_layers.values()] * len(targets)
        self._color_goals = [
            losses.mix([losses.moments(photo, weight), target.colors], [1 - share, share])
            for weight, target in zip(self.regions, targets, strict=True)
        ]
        self._sliced = [target.features for target in targets]
        self._sizes = [{layer: spread(full) for layer, full in target.moments.items()} for target in targets]

    def backward(self, image: Tensor) -> dict[str, float]:
        """Add the gradient of every term to ``image.grad`` and return the terms' values, and their total."""
        values: dict[str, Tensor] = {}

        def total_of(readings: Readings) -> Tensor:
            terms = {"style": self._style(readings), "content": self._content(readings)}
            values.update({name: term.detach() for name, term in terms.items()})
            return self._weighted(terms)

        if len(self.tiles) == 1:
            features = self.network(image)
            total = total_of(self._readings(features, 0))
            if self.config.style_term == "sliced":
                sliced = self._sliced_style(features)
                values["style"] = sliced.detach()
                total = total + self._weighted({"style": sliced})
            total.backward()  # type: ignore[no-untyped-call]
        else:
            reads = [lambda n=n, t=t: self._read_tile(image, n, t) for n, t in enumerate(self.tiles)]
            losses.tiled_backward(reads, total_of)
        surface = self._surface(image)
        self._weighted(surface).backward()  # type: ignore[no-untyped-call]
        values.update({name: term.detach() for name, term in surface.items()})
        return self._reported(values)

    def _read_tile(self, image: Tensor, number: int, tile: Tile) -> losses.TileReading:
        return losses.TileReading(self._readings(self.network(tile.cut(image)), number))

    def _readings(self, features: Mapping[str, Tensor], number: int) -> Readings:
        tile = self.tiles[number]
        shapes = {
            f"content/{layer}": losses.paired_moments(_inner(features[layer], layer, tile), self._shapes[layer, number])
            for layer in self.content_layers
        }
        return {**self._style_readings(features, tile), **shapes}

    def _style_readings(self, features: Mapping[str, Tensor], tile: Tile) -> Readings:
        return {
            name: self.terms.read(
                _inner(features[layer], layer, tile), self._weight(layer, region, tile), self._goals.get(name)
            )
            for layer in self.style_layers
            for region in range(len(self.regions))
            for name in [f"{layer}/{region}"]
        }

    def _weight(self, layer: str, region: int, tile: Tile) -> Tensor | None:
        whole = self.regions[region]
        if whole is None:
            return None
        if (layer, region) not in self._weights:
            cell = cell_of(layer)
            size = (-(-whole.shape[-2] // cell), -(-whole.shape[-1] // cell))
            self._weights[layer, region] = resize(whole, size)
        return _place(self._weights[layer, region], layer, tile)

    def _style(self, readings: Readings) -> Tensor:
        if self.config.style_term == "sliced":  # which reads features, not sums: see below
            return self._units.new_zeros(())
        values = self.terms.styles([readings[name] for name in self._goals], list(self._goals.values()))
        return self.terms.join(losses.relative(values, self._units), self._shares)

    def _sliced_style(self, features: Mapping[str, Tensor]) -> Tensor:
        share = self.config.strength / 100
        found = []
        for region, target in enumerate(self._sliced):
            for layer in self.style_layers:
                weight = self._weight(layer, region, self.tiles[0])
                far = losses.sliced_wasserstein_loss(
                    features[layer], target[layer], weight=weight, generator=self._random
                )
                found.append(share * far / self._sizes[region][layer])
        return self.terms.join(torch.stack(found), self._shares)

    def _content(self, readings: Readings) -> Tensor:
        values = torch.stack([self.terms.shapes(readings[f"content/{layer}"]) for layer in self.content_layers])
        return self.terms.join(values, list(self.content_layers.values()))

    def _surface(self, image: Tensor) -> dict[str, Tensor]:
        """Return the terms that look at the pixels themselves."""
        outside = (image - image.clamp(0, 1)).square().mean()
        terms = {"tv": losses.total_variation(image, self.config.tv_kind), "range": outside}
        if self.config.color_weight:
            gaps = [
                losses.color_moments_loss(losses.moments(image, weight), goal)
                for weight, goal in zip(self.regions, self._color_goals, strict=True)
            ]
            terms["color"] = torch.stack(gaps).mean()
        return terms

    def _weighted(self, terms: Mapping[str, Tensor]) -> Tensor:
        return torch.stack([self.terms.factors[name] * term for name, term in terms.items()]).sum()

    def _reported(self, values: Mapping[str, Tensor]) -> dict[str, float]:
        plain = {name: float(value) for name, value in values.items()}
        total = sum(self.terms.factors[name] * value for name, value in plain.items())
        plain.pop("range")
        return {**plain, "total": total}

"""What painting starts from: where it runs, the network, the beginning, and what is asked for at each scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from impasto import losses
from impasto.config import Fast, MethodOptions, Optimize, fields_of
from impasto.device import available_memory, pick_device, pick_precision
from impasto.engine.exemplars import EXEMPLAR_SIZE
from impasto.engine.fast import fast_stylizer
from impasto.engine.inputs import Style, Work
from impasto.engine.layers import content_layers, style_layers, usual_style_layers
from impasto.engine.memory import choose_tile, least_tile
from impasto.engine.objective import Layers, Objective, Target, style_target
from impasto.engine.planning import style_size
from impasto.engine.recipe import Ingredient
from impasto.errors import OptionError
from impasto.images import luminance, match_color, read, resize
from impasto.models.backbones import backbone_layers, backbone_title, check_pooling, load_backbone, weights_hash

__all__ = ["Setup", "as_seen", "beginning", "check_combination", "enlarged", "largest_style", "objective_at"]

LEAST_ASKED = 64  # the least that the option `tile` takes: what is chosen here must be allowed in a recipe

Size = tuple[int, int]


@dataclass(frozen=True)
class Setup:
    """How pictures will be painted, decided and checked before any is given."""

    config: Optimize
    device: torch.device
    precision: torch.dtype
    style_layers: Layers
    content_layers: Layers

    @classmethod
    def of(cls, config: Optimize) -> Setup:
        """Decide what the config leaves open; refuse what this machine or the network does not have."""
        device = pick_device(config.device)
        check_pooling(config.backbone, config.pooling)
        available = backbone_layers(config.backbone)
        return cls(
            config,
            device,
            pick_precision(config.precision, device),
            style_layers(config.style_layers, available, usual_style_layers(config)),
            content_layers(config.content_layers, available),
        )

    @property
    def layers(self) -> list[str]:
        """Every layer that is looked at."""
        return list(dict.fromkeys([*self.style_layers, *self.content_layers]))

    @property
    def least_tile(self) -> int:
        """The least tile that these layers, and the option itself, allow."""
        return max(LEAST_ASKED, least_tile(self.layers))

    def network(self) -> nn.Module:
        """Return the network to look through, where and how this method computes."""
        options = {"pooling": self.config.pooling, "padding": self.config.padding}
        network = load_backbone(self.config.backbone, self.layers, **options)  # type: ignore[arg-type]
        network.to(device=self.device, dtype=self.precision)
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def weights_of(self, network: nn.Module) -> list[Ingredient]:
        """Return the weights of such a network as a recipe names them."""
        name = self.config.backbone
        beginning = fast_stylizer(Fast(device=self.config.device)).weights() if self.config.init == "fast" else []
        return [Ingredient(backbone_title(name), weights_hash(name, network)), *beginning]

    def tile_for(self, work: Work, size: Size) -> int | None:
        """Return the tile for a painting of that size: one for all its scales, so that it can be made again."""
        style, free = largest_style(work, size, self.config), available_memory(self.device)
        return choose_tile(size, self.config, self.precision, free, least=self.least_tile, style=style)


def check_combination(work: Work, config: Optimize) -> None:
    """Refuse what cannot be combined, and what cannot be read."""
    if config.tileable:
        raise OptionError("optimize cannot make tileable textures; say --method fast, or leave tileable out.")
    if "init" in work.extras:
        read(config.init)
    if config.style_term != "sliced":
        return
    if config.tile is not None:
        raise OptionError("style_term sliced looks at the whole picture at once and cannot be tiled; leave tile out.")
    if len(work.styles) > 1 and not work.masks:
        raise OptionError(
            "style_term sliced cannot mix styles; give one style, a mask for each, or another style_term."
        )


def largest_style(work: Work, size: Size, config: Optimize) -> Size:
    """Return the size of the largest painting as it is read when painting at ``size``."""
    each = [[one.size for one in style.pictures] or [EXEMPLAR_SIZE] for style in work.styles]
    sizes = [style_size(one, size, config) for sizes in each for one in sizes]
    return max(sizes, key=lambda found: found[0] * found[1])


def beginning(work: Work, scales: Sequence[Size], config: Optimize) -> Tensor:
    """Return what the painting starts from: a picture for the largest of the scales, or something of the smallest."""
    if config.init == "photo":
        return work.photo.pixels
    if config.init == "fast":
        return _painted_fast(work, scales[-1], config)
    if config.init == "style":
        return _blended(work, scales[-1])
    if config.init == "noise":
        noise = torch.randn((1, 3, *scales[0]), generator=torch.Generator().manual_seed(config.seed))
        return (0.5 + 0.15 * noise).clamp(0, 1)
    if config.init == "grey":
        return torch.full((1, 3, *scales[0]), 0.5)
    return read(config.init).pixels


def _painted_fast(work: Work, size: Size, config: Optimize) -> Tensor:
    """Return what the method ``fast`` makes of the same request."""
    shared = {option.name: getattr(config, option.name) for option in fields_of(MethodOptions)}
    method = fast_stylizer(Fast(**{**shared, "size": max(size), "keep_color": False}))  # colors are kept in the end
    return method(work.photo, list(work.styles)).image


def _blended(work: Work, size: Size) -> Tensor:
    """Lay all paintings over each other, each style where and as much as it applies."""
    each = [torch.cat([resize(one.pixels, size) for one in style.pictures]).mean(0) for style in work.styles]
    _, alone = work.regions(size)
    blended = (work.parts(size) * torch.stack(each)).sum(0, keepdim=True)
    return blended.lerp(resize(work.photo.pixels, size), alone)


def enlarged(painting: Tensor, begun: Tensor, size: Size) -> Tensor:
    """Carry a painting to another size: what it began as in that size, changed as it was changed here.

    The change is smooth and loses little when enlarged. Enlarging the painting itself would lose the detail of what
    it began as, usually the photo, and the larger scale then had to find that again.
    """
    small = (painting.shape[-2], painting.shape[-1])
    if small == size:
        return painting
    is_begun = torch.equal(painting, begun)  # often a large photo, whose sums would take much memory
    change = painting.new_zeros((1, 1, *small)) if is_begun else painting - resize(begun, small)
    # the change is in [-1, 1], which `resize` would clamp
    return (resize(begun, size) + 2 * resize((change + 1) / 2, size) - 1).clamp(0, 1)


def objective_at(setup: Setup, work: Work, network: nn.Module, size: Size, tile: int | None) -> Objective:
    """Return what is walked downhill on at one scale."""
    targets = [_target(setup, work, network, style, size, tile) for style in work.styles]
    return Objective(
        network,
        as_seen(resize(work.photo.pixels, size), setup.config).to(setup.device),
        targets if work.masks else [_mixed(targets, work.shares)],
        work.regions(size)[0].to(setup.device) if work.has_regions else None,
        config=setup.config,
        style_layers=setup.style_layers,
        content_layers=setup.content_layers,
        tile=tile,
    )


def _target(setup: Setup, work: Work, network: nn.Module, style: Style, size: Size, tile: int | None) -> Target:
    config = setup.config
    pictures = [resize(one.pixels, style_size(one.size, size, config)) for one in style.pictures]
    if config.keep_color and config.color_match == "covariance":
        pictures = [match_color(one, work.photo.pixels) for one in pictures]
    seen = [as_seen(one, config).to(setup.device) for one in pictures]
    return style_target(network, seen, setup.style_layers, config.style_term, tile=tile)


def as_seen(picture: Tensor, config: Optimize) -> Tensor:
    """Return a picture without its colors where those are kept out of the painting."""
    if config.keep_color and config.color_match != "covariance":
        return luminance(picture).expand(-1, 3, -1, -1).contiguous()
    return picture


def _mixed(targets: Sequence[Target], shares: Sequence[float]) -> Target:
    """Return the target between several styles."""
    if len(targets) == 1:
        return targets[0]
    moments = {layer: losses.mix([target.moments[layer] for target in targets], shares) for layer in targets[0].moments}
    return Target(moments, losses.mix([target.colors for target in targets], shares), {})

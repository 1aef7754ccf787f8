"""The published networks that trainings learn from, reduced to what a teacher must do: image -> features by name.

The encoder learns to see like them; the networks that paint are judged by them while they learn.

Teachers are read from files that the person who trains provides (``--teacher``); each file is recognised by the names
of its tensors. VGG-16 and GoogLeNet are not among them on purpose: they stay unseen, so that results can be judged by
networks that took no part in any training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import OptionError, WeightsError
from impasto.models.encoder import embedded_encoder
from impasto.models.padding import pad_by_one

__all__ = ["Panel", "Teacher", "judge_of", "load_teacher"]

Teacher = Callable[[Tensor], dict[str, Tensor]]


class _Published(nn.Module):
    """Published weights, frozen, that go to a device like any module."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name, value in tensors.items():
            self.register_buffer(_as_attribute(name), value, persistent=False)

    def tensor(self, name: str) -> Tensor:
        """Return the tensor that the file calls ``name``."""
        return self.get_buffer(_as_attribute(name))


def _as_attribute(name: str) -> str:
    return name.replace(".", "_").replace("/", "_")


class DistilledVGG19(_Published):
    """VGG-19 distilled to a sixteenth (Wang et al., CVPR 2020, arXiv 2003.08436); teaches relu5_1."""

    STACK = ("11", "12", "M", "21", "22", "M", "31", "32", "33", "34", "M", "41", "42", "43", "44", "M", "51")

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Return relu5_1 at VGG-19's full width, through the network's own 1x1 head."""
        x = self._conv("conv0", image.to(self.tensor("conv0.weight").dtype))
        for name in self.STACK:
            x = F.max_pool2d(x, 2, ceil_mode=True) if name == "M" else F.relu(self._conv(f"conv{name}", pad_by_one(x)))
        return {"relu5_1": F.relu(self._conv("conv51_aux", x))}

    def _conv(self, name: str, x: Tensor) -> Tensor:
        return F.conv2d(x, self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias"))


class SqueezeNet(_Published):
    """SqueezeNet 1.1 (Iandola et al., arXiv 1602.07360) up to fire5; teaches what things are."""

    MEAN = (104.0, 117.0, 123.0)  # blue, green, red

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Return fire5, an eighth of the picture's size."""
        image = image.to(self.tensor("conv1.weight").dtype)
        mean = image.new_tensor(self.MEAN).view(1, 3, 1, 1)
        x = self._conv("conv1", image.flip(1) * 255 - mean, stride=2, padding=1)
        for name in ("fire2", "fire3", "fire4", "fire5"):
            if name in ("fire2", "fire4"):
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            squeezed = self._conv(f"{name}/squeeze1x1", x)
            wide = self._conv(f"{name}/expand3x3", squeezed, padding=1)
            x = torch.cat([self._conv(f"{name}/expand1x1", squeezed), wide], 1)
        return {"fire5": x}

    def _conv(self, name: str, x: Tensor, *, stride: int = 1, padding: int = 0) -> Tensor:
        weight, bias = self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias")
        return F.relu(F.conv2d(x, weight, bias, stride=stride, padding=padding))


class Panel(nn.Module):
    """Several teachers that look at one picture."""

    def __init__(self, teachers: Iterable[nn.Module]) -> None:
        super().__init__()
        self.teachers = nn.ModuleList(teachers)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Return the features that any of them gives."""
        return {name: value for teacher in self.teachers for name, value in teacher(image).items()}


def judge_of(paths: Sequence[Path], layers: Sequence[str], precision: torch.dtype) -> nn.Module:
    """Return who judges what a network paints: published networks where files are given, else the embedded encoder."""
    if not paths:
        encoder = embedded_encoder(layers).to(dtype=precision)
        return encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
    judge = Panel(load_teacher(path, precision) for path in paths)
    missing = set(layers) - judge(torch.zeros(1, 3, 64, 64)).keys()
    if missing:
        raise OptionError(
            f"no teacher shows {', '.join(sorted(missing))}; name one more file of weights with --teacher, or none."
        )
    return judge


def load_teacher(path: Path, dtype: torch.dtype) -> nn.Module:
    """Return the teacher whose weights are in ``path``, recognised by the names of its tensors."""
    from impasto.models.reading import read_tensors
    from impasto.models.vgg import vgg19

    tensors, _ = read_tensors(path)
    prepared = {name: _prepared(value, dtype) for name, value in tensors.items() if value.is_floating_point()}
    if "conv51_aux.weight" in tensors:
        return DistilledVGG19(prepared)
    if "fire5/squeeze1x1.weight" in tensors:
        return SqueezeNet(prepared)
    if "conv4_1.bias" in tensors:
        layers = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
        vgg = vgg19(layers, weights=path, padding="reflect")
        return vgg.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
    raise WeightsError(
        f"{path.name} is none of the teachers known here: VGG-19, its distilled sixteenth, SqueezeNet 1.1."
    )


def _prepared(value: Tensor, dtype: torch.dtype) -> Tensor:
    value = value.to(dtype)
    return value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value

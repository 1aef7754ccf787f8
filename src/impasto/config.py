"""Options, each said once.

An option is one field of a frozen dataclass, made by :func:`option`: its type, default, limits and help live there and
nowhere else. Command-line flags, web widgets, the docs' tables and the recipes in pictures are all derived from these
fields, so adding a field is all it takes to add an option.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar

from impasto.errors import OptionError, did_you_mean

__all__ = [
    "METHODS",
    "PRESETS",
    "ColorMatch",
    "Device",
    "EncoderTraining",
    "Field",
    "MethodOptions",
    "Optimize",
    "fields_of",
    "from_dict",
    "option",
    "to_dict",
]

Device = Literal["auto", "cpu", "cuda", "mps"]
ColorMatch = Literal["luminance", "lab", "covariance"]
Config = TypeVar("Config")


def option(
    default: Any,
    help: str,  # noqa: A002 - it becomes the flag's help and is called that everywhere
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    unit: str = "",
    is_input: bool = False,
    words: tuple[str, ...] = (),
    affects_result: bool = True,
) -> Any:
    """Declare one option of a config dataclass.

    ``is_input`` marks options that name files: recipes keep the file's base name and hash instead of its path.
    ``words`` are what an input may say instead of naming a file.
    ``affects_result=False`` marks options that change how a picture is made but not the picture.
    """
    facts = {
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "unit": unit,
        "is_input": is_input,
        "words": words,
        "affects_result": affects_result,
    }
    return dataclasses.field(default=default, metadata=facts)


@dataclass(frozen=True)
class Field:
    """One option as the apps see it: everything needed to draw a flag, a widget or a row of the docs."""

    name: str
    type: Any
    default: Any
    help: str
    minimum: float | None
    maximum: float | None
    unit: str
    is_input: bool
    words: tuple[str, ...]
    affects_result: bool

    def files_in(self, value: Any) -> tuple[Path, ...]:
        """Return the files that a value of this option names."""
        if not self.is_input:
            return ()
        named = value if isinstance(value, tuple) else (value,)
        return tuple(Path(name) for name in named if name is not None and name not in self.words)

    @property
    def choices(self) -> tuple[str, ...]:
        """The allowed words, or an empty tuple when the option is not an enumeration."""
        return typing.get_args(self.plain_type) if typing.get_origin(self.plain_type) is Literal else ()

    @property
    def plain_type(self) -> Any:
        """The type without ``| None``."""
        if isinstance(self.type, UnionType) or typing.get_origin(self.type) is typing.Union:
            return next(kind for kind in typing.get_args(self.type) if kind is not type(None))
        return self.type

    @property
    def item_type(self) -> Any:
        """The type of one item for a repeatable option (``tuple[item, ...]``), else None."""
        return typing.get_args(self.plain_type)[0] if typing.get_origin(self.plain_type) is tuple else None

    @property
    def optional(self) -> bool:
        """Whether None is allowed."""
        return self.plain_type is not self.type

    @property
    def limits(self) -> str:
        """The allowed values in words, for help texts and error messages."""
        if self.choices:
            return ", ".join(self.choices)
        low, high = self.minimum, self.maximum
        if low is not None and high is not None:
            return f"{low:g} to {high:g}"
        if low is not None:
            return f"{low:g} or more"
        return f"{high:g} or less" if high is not None else ""


def fields_of(config: Any) -> Iterator[Field]:
    """Yield every option of a config class or instance, in the order they were written."""
    cls = config if isinstance(config, type) else type(config)
    types = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        yield Field(name=field.name, type=types[field.name], default=field.default, **field.metadata)


def to_dict(config: Any) -> dict[str, Any]:
    """Return a config as plain JSON values."""
    return {field.name: _plain(getattr(config, field.name)) for field in fields_of(config)}


def from_dict(cls: type[Config], values: Mapping[str, Any]) -> Config:
    """Make a config from plain JSON values; the opposite of :func:`to_dict`."""
    known = {field.name: field for field in fields_of(cls)}
    for name in values:
        if name not in known:
            raise OptionError(f"{name!r} is not an option of {cls.__name__}{did_you_mean(name, known)}.")
    return cls(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


class _Checked:
    """Checks every option against its declared type and limits when a config is made.

    A list is taken for a tuple and text for a path, as both come from JSON and from people.
    """

    def __post_init__(self) -> None:
        for field in fields_of(self):
            value = _typed(field, getattr(self, field.name))
            _check(field, value)
            object.__setattr__(self, field.name, value)  # frozen for everyone else


def _typed(field: Field, value: Any) -> Any:
    if field.item_type is not None and isinstance(value, (list, tuple)):
        return tuple(_as_path(field.item_type, item) for item in value)
    return _as_path(field.plain_type, value)


def _as_path(kind: Any, value: Any) -> Any:
    return Path(value) if kind is Path and isinstance(value, str) else value


def _check(field: Field, value: Any) -> None:
    if value is None:
        if not field.optional:
            raise OptionError(f"{field.name} was not given a value; {_allowed(field)}.")
        return
    if field.item_type is not None:
        if not isinstance(value, tuple):
            raise OptionError(f"{field.name} is {value!r}; it takes a list of values.")
        for item in value:
            _check_one(field, field.item_type, item)
    else:
        _check_one(field, field.plain_type, value)


def _check_one(field: Field, kind: Any, value: Any) -> None:
    if field.choices:
        if value not in field.choices:
            near = difflib.get_close_matches(str(value), field.choices, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise OptionError(f"{field.name} is {value!r}{hint}; {_allowed(field)}.")
        return
    accepted = {float: (int, float), int: (int,), bool: (bool,), str: (str,), Path: (Path,)}.get(kind, (object,))
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise OptionError(f"{field.name} is {value!r}; {_allowed(field)}.")
    if kind in (int, float):
        _check_number(field, value)


def _check_number(field: Field, value: Any) -> None:
    too_low = field.minimum is not None and value < field.minimum
    too_high = field.maximum is not None and value > field.maximum
    if too_low or too_high or (isinstance(value, float) and not math.isfinite(value)):
        shown = f"{value:g}" if isinstance(value, float) else value
        raise OptionError(f"{field.name} is {shown}; {_allowed(field)}.")


def _allowed(field: Field) -> str:
    kind = field.item_type or field.plain_type
    noun = {int: "a whole number", float: "a number", bool: "True or False", Path: "a path"}.get(kind, "a word")
    if field.choices:
        return f"allowed are {field.limits}"
    return f"allowed is {noun}" + (f", {field.limits}" if field.limits else "")


@dataclass(frozen=True, kw_only=True)
class MethodOptions(_Checked):
    """What every method understands; each method's own config inherits from this, and only from this."""

    size: int | None = option(
        None,
        "Long side of the result in pixels. Default: the photo's own size (optimize: up to 1024).",
        minimum=1,
        maximum=100_000,
        unit="px",
    )
    strength: float = option(
        100.0,
        "How much of the style: 0 gives back the photo's pixels, 100 the full style.",
        minimum=0,
        maximum=100,
    )
    style_weights: tuple[float, ...] = option(
        (),
        "One weight for each style when several are mixed, in their order. Default: equal parts.",
        minimum=0,
    )
    stroke: float = option(
        1.0,
        "Size of the strokes: 2 paints twice as coarsely, 0.5 twice as finely.",
        minimum=0.1,
        maximum=10,
    )
    keep_color: bool = option(False, "Keep the photo's colors and take only the style's texture.")
    color_match: ColorMatch = option(
        "luminance",
        "How --keep-color keeps them: the photo's color channels (luminance in YIQ, lab in CIELAB), or the style "
        "recolored like the photo beforehand (covariance).",
    )
    color_only: bool = option(False, "Take only the style's colors and leave the photo's texture alone.")
    mask: tuple[Path, ...] = option(
        (),
        "A grey picture for each style, in their order: white where that style goes, black where it does not. "
        "Where all are black the photo stays as it is; soft edges blend.",
        is_input=True,
    )
    protect: Path | None = option(
        None, "A grey picture: what is white in it stays as in the photo (a face, for example).", is_input=True
    )
    seed: int = option(0, "Number that everything random starts from.", minimum=0, maximum=2**63 - 1)
    tile: int | None = option(
        None,
        "Work in tiles of this many pixels to save memory. Default: only when memory would not suffice.",
        minimum=64,
        maximum=16_384,
        unit="px",
        affects_result=False,
    )
    device: Device = option("auto", "Where to compute.", affects_result=False)

    def __post_init__(self) -> None:
        """Check the options that limit each other."""
        super().__post_init__()
        if self.keep_color and self.color_only:
            raise OptionError("keep_color and color_only contradict each other; choose one of them.")
        if self.style_weights and not any(self.style_weights):
            raise OptionError("style_weights are all 0; at least one style needs a weight above 0.")


Optimizer = Literal["adam", "lbfgs"]
StyleTerm = Literal["statistics", "gram", "moments", "wasserstein", "sliced"]
Variation = Literal["squared", "absolute", "isotropic", "huber"]
Pooling = Literal["max", "average"]
Padding = Literal["replicate", "reflect", "zeros"]
Precision = Literal["auto", "bfloat16", "float32"]
Finish = Literal["none", "full"]
Balance = Literal["pair", "classic"]


@dataclass(frozen=True, kw_only=True)
class Optimize(MethodOptions):
    """Paint by optimisation: the finest print, in the manner of Gatys et al. (CVPR 2016)."""

    backbone: str = option(
        "embedded",
        "Network whose features are compared: embedded (comes with Impasto), vgg19 or vgg16 (fetched on first use), "
        "or the path of a file with the weights of one of them.",
        is_input=True,
        words=("embedded", "vgg19", "vgg16"),
    )
    steps: int = option(
        240, "Steps altogether; most of them are spent on the small scales.", minimum=1, maximum=100_000
    )
    scales: int | None = option(
        None,
        "Sizes to paint at, each twice the one before, the last being the result's. Default: from about 128 px up.",
        minimum=1,
        maximum=12,
    )
    optimizer: Optimizer = option("lbfgs", "How to walk downhill: lbfgs takes better steps, adam steadier ones.")
    learning_rate: float = option(0.03, "Length of Adam's steps.", minimum=1e-5, maximum=1)
    init: str = option(
        "photo",
        "What the painting starts from: photo, style, noise, grey, fast (its result), or a picture's path.",
        is_input=True,
        words=("photo", "style", "noise", "grey", "fast"),
    )
    content_weight: float = option(1.0, "How much the photo's shapes count.", minimum=0)
    style_weight: float = option(1.0, "How much the style counts.", minimum=0)
    tv_weight: float = option(1.0, "How much smoothness counts (total variation).", minimum=0)
    color_weight: float = option(0.0, "How much the style's overall colors count besides its features.", minimum=0)
    style_term: StyleTerm = option(
        "wasserstein",
        "How styles are compared: wasserstein (as Gaussians), statistics (means, deviations and Gram matrices), gram "
        "(Gatys), moments (means and deviations), sliced (whole distributions).",
    )
    balance: Balance = option(
        "pair",
        "What the weights are relative to: pair (the pair's own distance and contrast, so they mean the same for every "
        "pair) or classic (squared differences of features and Gram matrices, added up as the first tools did).",
    )
    tv_kind: Variation = option("squared", "Kind of total variation.")
    content_layers: tuple[str, ...] = option(
        ("relu3_1", "relu4_1"), "Layers that describe shapes, each optionally with its weight, as in relu4_1=0.5."
    )
    style_layers: tuple[str, ...] = option(
        (),
        "Layers that describe style, each optionally with its weight. Default: relu1_1 to relu5_1, as far as the "
        "network goes.",
    )
    pooling: Pooling = option("max", "How VGG halves its maps.")
    padding: Padding = option("replicate", "What VGG sees beyond the picture's edge.")
    averaging: float = option(
        0.9,
        "Share of the old in the running average of Adam's pictures; 0 takes the last one.",
        minimum=0,
        maximum=0.999,
    )
    patience: int = option(
        40,
        "A scale ends after this many steps without getting better; 0 never ends early.",
        minimum=0,
        maximum=100_000,
    )
    precision: Precision = option("auto", "Numbers to compute with: bfloat16 is faster where the processor has it.")
    finish: Finish = option(
        "none",
        "full carries the result to the photo's full size and brings its detail back.",
    )


@dataclass(frozen=True, kw_only=True)
class EncoderTraining(_Checked):
    """Train the embedded encoder: a small network learns to see like VGG-19 (``impasto train encoder``)."""

    photos: Path = option(Path("photos"), "Folder of photographs.", is_input=True)
    paintings: Path = option(Path("paintings"), "Folder of paintings.", is_input=True)
    stylized: Path | None = option(
        None, "Folder of stylised pictures: optimisation walks through such pictures.", is_input=True
    )
    teacher: tuple[Path, ...] = option(
        (),
        "Weights of a teacher: the normalised VGG-19 to relu4_1, its distilled sixteenth (relu5_1), SqueezeNet 1.1. "
        "Repeat for each.",
        is_input=True,
    )
    from_weights: Path | None = option(
        None, "Weights of an encoder to start from instead of random ones.", is_input=True
    )
    steps: int = option(20_000, "Steps of training.", minimum=1)
    batch: int = option(8, "Crops per step.", minimum=1)
    crop: int = option(128, "Side of a crop.", minimum=32, unit="px")
    learning_rate: float = option(2e-3, "Adam's learning rate; it falls to 0 at the end.", minimum=0)
    decay: float = option(0.4, "Share of the steps over which the learning rate falls.", minimum=0.01, maximum=1)
    reuse: int = option(3, "How often a batch that the teachers have described is learnt from.", minimum=1)
    pool: int = option(48, "How many described batches are kept to choose from.", minimum=1)
    averaging: float = option(0.998, "Share of the old in the running average of the weights.", minimum=0, maximum=1)
    checkpoint_every: int = option(250, "Steps between checkpoints.", minimum=1)
    seed: int = option(0, "Number that everything random starts from.", minimum=0, maximum=2**63 - 1)


METHODS: dict[str, type[MethodOptions]] = {"optimize": Optimize}
"""Every way of stylising that comes with Impasto, by the name that ``--method`` and ``load`` take."""

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "optimize": {
        "quick": {"size": 512, "steps": 120},
        "balanced": {},
        "print": {"size": 2048, "steps": 400},
        "subtle": {"strength": 45.0},
    },
}
"""Named starting points by method: options to begin with, which any option given beside them overrules."""

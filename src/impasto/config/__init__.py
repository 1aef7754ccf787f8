"""Every option, said once: how one is declared, those of each method, those of each training."""

from impasto.config.film import FilmOptions
from impasto.config.methods import (
    DEFAULT_METHOD,
    METHODS,
    PRESETS,
    Adain,
    ColorMatch,
    Device,
    Fast,
    Magenta,
    MagentaHub,
    MethodOptions,
    Optimize,
    StyleTerm,
    Trained,
    name_of,
)
from impasto.config.options import Checked, Field, fields_of, from_dict, option, to_dict
from impasto.config.saving import Saving
from impasto.config.training import AnyTraining, Decoder, EncoderTraining, FitOptions, PairedTraining, StyleTraining

__all__ = [
    "DEFAULT_METHOD",
    "METHODS",
    "PRESETS",
    "Adain",
    "AnyTraining",
    "Checked",
    "ColorMatch",
    "Decoder",
    "Device",
    "EncoderTraining",
    "Fast",
    "Field",
    "FilmOptions",
    "FitOptions",
    "Magenta",
    "MagentaHub",
    "MethodOptions",
    "Optimize",
    "PairedTraining",
    "Saving",
    "StyleTerm",
    "StyleTraining",
    "Trained",
    "fields_of",
    "from_dict",
    "name_of",
    "option",
    "to_dict",
]

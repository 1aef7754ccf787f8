"""Every option, said once: how one is declared, those of each method, those of each training."""

from impasto.config.methods import METHODS, PRESETS, ColorMatch, Device, MethodOptions, Optimize, StyleTerm
from impasto.config.options import Checked, Field, fields_of, from_dict, option, to_dict
from impasto.config.training import EncoderTraining

__all__ = [
    "METHODS",
    "PRESETS",
    "Checked",
    "ColorMatch",
    "Device",
    "EncoderTraining",
    "Field",
    "MethodOptions",
    "Optimize",
    "StyleTerm",
    "fields_of",
    "from_dict",
    "option",
    "to_dict",
]

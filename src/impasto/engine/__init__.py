"""The engines: one file per way of stylising, all called alike."""

from impasto.engine.door import Stylizer, config_of, load, method_of, methods, plan, stylize
from impasto.engine.planning import Plan
from impasto.engine.progress import OnStep, Step
from impasto.engine.recipe import Ingredient, Recipe
from impasto.engine.reconstructing import reconstruct_content, reconstruct_style
from impasto.engine.replaying import Remake, replay, resume, to_replay, to_resume
from impasto.engine.result import Result

__all__ = [
    "Ingredient",
    "OnStep",
    "Plan",
    "Recipe",
    "Remake",
    "Result",
    "Step",
    "Stylizer",
    "config_of",
    "load",
    "method_of",
    "methods",
    "plan",
    "reconstruct_content",
    "reconstruct_style",
    "replay",
    "resume",
    "stylize",
    "to_replay",
    "to_resume",
]

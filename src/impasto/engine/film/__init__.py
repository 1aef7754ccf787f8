"""Films: painted frame by frame, held steady, with their times and their sound as they were."""

from impasto.engine.film.clips import FILM_ENDINGS, is_clip, open_clip
from impasto.engine.film.live import LiveFrame, as_jpeg, live
from impasto.engine.film.planning import FilmPlan, plan_film
from impasto.engine.film.reporting import FilmReport, FilmStep
from impasto.engine.film.stylizing import film_of, stylize_video

__all__ = [
    "FILM_ENDINGS",
    "FilmPlan",
    "FilmReport",
    "FilmStep",
    "LiveFrame",
    "as_jpeg",
    "film_of",
    "is_clip",
    "live",
    "open_clip",
    "plan_film",
    "stylize_video",
]

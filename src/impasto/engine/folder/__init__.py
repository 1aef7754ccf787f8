"""Painting whole folders: found, journaled, shared among workers, and continued after any end."""

from impasto.engine.folder.finding import find_items
from impasto.engine.folder.places import is_address, place_of
from impasto.engine.folder.running import Advance, Failure, FolderReport, OnAdvance, check_workers, stylize_folder

__all__ = [
    "Advance",
    "Failure",
    "FolderReport",
    "OnAdvance",
    "check_workers",
    "find_items",
    "is_address",
    "place_of",
    "stylize_folder",
]

"""Where published weights come from: files, digests and the network, never tensors."""

from __future__ import annotations

from impasto.weights.conversions import conversion_path, is_as_recorded, keep_conversion
from impasto.weights.digests import Digest, file_sha256, known_fingerprint
from impasto.weights.fetching import fetch, how_to_place
from impasto.weights.folders import cache_folder, fetched_folder, is_offline, search_folders
from impasto.weights.records import Record, read_record, write_record
from impasto.weights.registry import PUBLISHED, Published, published
from impasto.weights.store import Holding, State, choose, holdings, inspect, locate, obtain, verify
from impasto.weights.transfer import OnProgress, Progress

__all__ = [
    "PUBLISHED",
    "Digest",
    "Holding",
    "OnProgress",
    "Progress",
    "Published",
    "Record",
    "State",
    "cache_folder",
    "choose",
    "conversion_path",
    "fetch",
    "fetched_folder",
    "file_sha256",
    "holdings",
    "how_to_place",
    "inspect",
    "is_as_recorded",
    "is_offline",
    "keep_conversion",
    "known_fingerprint",
    "locate",
    "obtain",
    "published",
    "read_record",
    "search_folders",
    "verify",
    "write_record",
]

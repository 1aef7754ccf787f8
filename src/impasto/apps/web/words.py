"""Short sentences that several pages say."""

from __future__ import annotations

from impasto.apps.web.jobs import Job

__all__ = ["bytes_text", "duration_text", "ordinal", "progress_of", "progress_text", "size_text"]


def duration_text(seconds: float) -> str:
    """Return a length of time as people say it."""
    if seconds < 1.5:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"


def bytes_text(count: float) -> str:
    """Return a number of bytes as people say it."""
    if count < 1e6:
        return f"{max(1, round(count / 1e3))} kB"
    if count < 1e8:
        return f"{count / 1e6:.1f} MB"
    return f"{count / 1e6:.0f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"


def size_text(height: int, width: int) -> str:
    """Return a size as people say it: width first."""
    return f"{width} × {height}"


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd and so on."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def progress_of(job: Job) -> float:
    """Return how much of a job is done, from 0 to 1."""
    told = job.told
    if "share" in told:
        return min(1.0, max(0.0, float(told["share"])))
    if told.get("elapsed") is not None and told.get("remaining") is not None:
        whole = told["elapsed"] + told["remaining"]
        return min(1.0, told["elapsed"] / whole) if whole > 0 else 1.0
    return 0.0


def progress_text(job: Job, position: int, doing: str) -> str:
    """Say where a job stands: its place in the line, or what it does and how long it will."""
    if position:
        ahead = "It is your turn next" if position == 1 else f"You are {ordinal(position)} in the line"
        return f"{ahead}; the studio is busy with others."
    remaining = job.told.get("remaining")
    if job.is_stopping:
        return "Stopping, and keeping what is there…"
    if job.paused:
        return "Paused."
    return f"{doing}…" if remaining is None else f"{doing}… about {duration_text(remaining)} left"

"""The project's whole benchmark as one report: what can be measured here is measured, and all that is known is shown.

    python benchmarks/report.py run [NAME ...] [--repeat 3] [--quick] [--kit DIR] [--vgg FILE] [--judge FILE]
                                       [--microast DIR] [--clips DIR]
    python benchmarks/report.py page

run    Runs the programs beside this one, each as often as asked for, and keeps what they print in `results/NAME.json`,
       with the machine and the command. What needs files that are not here is left out, and the page says so.
page   Writes `results/report.html` and `results/report.json` from all results: of every number the median, and with
       several runs the least and the largest.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.evaluation import machine_facts
from impasto.evaluation.report.page import escaped, facts, page, section, table
from impasto.weights.atomic import write_text_whole

HERE = Path(__file__).parent
RESULTS = HERE / "results"
REPORT = "report"
FILES = ("kit", "vgg", "judge", "microast", "clips")  # what may be given, since it cannot be shipped


@dataclass(frozen=True)
class Benchmark:
    """One question, and the program that answers it."""

    name: str
    question: str
    command: Sequence[str]  # the program and its arguments; {kit}, {vgg} … stand for files that are given
    quick: Sequence[str] = ()  # what makes it small, to try it out

    def needs(self) -> set[str]:
        """Return which files it asks for."""
        return {name for name in FILES if any(f"{{{name}}}" in word for word in self.command)}


_ONCE = ("--runs", "1", "--sizes", "512x384")
_SHORT_FILM = ("--size", "96", "--sides", "96", "--frames", "12", "--repeat", "1", "--style", "brushwork")
BENCHMARKS = (
    Benchmark(
        "methods",
        "How good, quick and large is each method on the same pairs?",
        ("methods.py",),
        ("--size", "96", "--methods", "fast"),
    ),
    Benchmark(
        "race-256",
        "How soon does painting by optimisation reach the classic loop's result, with the same VGG-19?",
        ("optimize.py", "race", "--vgg", "{vgg}", "--size", "256"),
        ("--size", "96", "--steps", "20"),
    ),
    Benchmark(
        "memory",
        "How much memory does painting by optimisation take?",
        ("optimize.py", "memory"),
        ("--sides", "96", "--steps", "1"),
    ),
    Benchmark(
        "encoder",
        "How well does the embedded encoder see like VGG-19, and how much quicker?",
        ("encoder.py", "--kit", "{kit}"),
        ("--pictures", "3", "--paintings", "6"),
    ),
    Benchmark(
        "equal-time",
        "How good is painting by optimisation after equal times, with the embedded encoder and with VGG-19?",
        ("equal_time.py", "--kit", "{kit}", "--judge", "{judge}"),
        ("--pairs", "1", "--seconds", "3"),
    ),
    Benchmark(
        "judged",
        "How good is each method on the judge's pairs, and how long does a picture take?",
        ("judged.py", "--judge", "{judge}"),
        ("--pairs", "1", "--methods", "fast", "--to", "runs/bench-judged-quick"),
    ),
    Benchmark(
        "sizes",
        "Does a small painting show what a large one will look like?",
        ("sizes.py", "--judge", "{judge}"),
        ("--pairs", "1", "--small", "64", "--large", "128"),
    ),
    Benchmark("fast", "How quick is the fast network, and how much memory does it take?", ("fast.py", "speed"), _ONCE),
    Benchmark(
        "fast-peers",
        "How quick is it beside MicroAST and Magenta?",
        ("fast.py", "speed", "--microast", "{microast}", "--magenta", "{kit}/reference/magenta_tflite_int8"),
        _ONCE,
    ),
    Benchmark(
        "skies", "Does the fast network draw patterns into a blank sky?", ("fast.py", "skies"), ("--styles", "2")
    ),
    Benchmark(
        "scale",
        "Do memory and time per pixel stay flat up to 100 megapixels?",
        ("scale.py",),
        ("--megapixels", "0.05", "0.1", "--runs", "1"),
    ),
    Benchmark(
        "scale-collages",
        "The same with collages of photographs at their own pixels",
        ("scale.py", "--photos", "{kit}/photos", "--megapixels", "12", "100"),
        ("--megapixels", "0.05", "0.1", "--runs", "1"),
    ),
    Benchmark("film", "How much does film flicker?", ("film.py", "steady"), _SHORT_FILM),
    Benchmark(
        "film-real",
        "How much do films flicker that were not made for it?",
        ("film.py", "real", "--style", "brushwork", "--seconds", "6", "--clip", "{clips}"),
        ("--seconds", "0.5", "--size", "96"),
    ),
    Benchmark("film-speed", "How quick is film beside single pictures?", ("film.py", "speed"), _SHORT_FILM),
    Benchmark(
        "cluster",
        "How many pictures a second does a machine paint, and what do the ways cost?",
        ("cluster.py",),
        ("--side", "64", "--pictures", "4", "--workers", "1"),
    ),
    Benchmark(
        "style-network",
        "What does a network of one style gain over the fast network?",
        ("style_network.py", "paintings", "--kit", "{kit}", "--judge", "{judge}", "--runs", "runs/bench-style-network"),
        ("--count", "1", "--photos", "1", "--steps", "2", "--crop", "64", "--runs", "runs/bench-style-network-quick"),
    ),
    Benchmark(
        "style-folder",
        "Does a folder of one artist's paintings make a better style than any one of them?",
        (
            *("style_network.py", "folder", "--kit", "{kit}", "--judge", "{judge}"),
            *("--no-teachers", "--steps", "120", "--runs", "runs/bench-style-folder"),
        ),
        ("--count", "1", "--photos", "1", "--steps", "2", "--crop", "64", "--runs", "runs/bench-style-folder-quick"),
    ),
    Benchmark(
        "paired",
        "How soon has a U-Net learnt a style from pairs, and how near does it come?",
        ("paired.py", "{kit}/photos", "{kit}/paintings/oa_artic_154235.jpg", "--work", "runs/bench-paired"),
        ("--count", "12", "--size", "48", "--steps", "2", "--work", "runs/bench-paired-quick", "--", "--steps", "4"),
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked for; return 1 if a benchmark failed, else 0."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("what", choices=["run", "page"])
    asked.add_argument("names", nargs="*", metavar="NAME", help=", ".join(one.name for one in BENCHMARKS))
    asked.add_argument("--repeat", type=int, default=1, help="how often each is run")
    asked.add_argument("--quick", action="store_true", help="small and short, to see that everything runs")
    asked.add_argument("--kit", type=Path, help="folder with photos/, paintings/ and reference/")
    asked.add_argument("--vgg", type=Path, help="weights of VGG-19, whole or to relu4_1")
    asked.add_argument("--judge", type=Path, help="a Python file with a class Judge")
    asked.add_argument("--microast", type=Path, help="folder with MicroAST's published weights")
    asked.add_argument("--clips", type=Path, help="folder with films")
    asked.add_argument("--to", type=Path, default=RESULTS, help="folder of the results")
    args = asked.parse_args(arguments)
    known = {one.name: one for one in BENCHMARKS}
    if unknown := set(args.names) - set(known):
        asked.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    wanted = (args.names or list(known)) if args.what == "run" else []
    failed = [name for name in wanted if not measure(known[name], args)]
    print(write_page(args.to))
    return 1 if failed else 0


def measure(benchmark: Benchmark, args: argparse.Namespace) -> bool:
    """Run one benchmark and keep what it says; return False if it failed, which does not end the others."""
    obstacle = _obstacle(benchmark, args)
    if obstacle:
        print(f"{benchmark.name}: {obstacle}", file=sys.stderr)
        return True
    files = {name: str(getattr(args, name)) for name in benchmark.needs()}
    words = [word.format(**files) for word in benchmark.command] + list(benchmark.quick if args.quick else ())
    began, runs = time.monotonic(), []
    for number in range(args.repeat):
        print(f"{benchmark.name}, run {number + 1} of {args.repeat}", file=sys.stderr, flush=True)
        done = subprocess.run(
            [sys.executable, HERE / words[0], *(_for_run(word, number) for word in words[1:])],
            stdout=subprocess.PIPE,
            env=_surroundings(args.kit),
            text=True,
            check=False,
        )
        if done.returncode:
            print(f"{benchmark.name}: failed with status {done.returncode}", file=sys.stderr)
            return False
        runs.append(json.loads(done.stdout))
        _keep(benchmark, words, runs, args)  # after each: what was measured for an hour is not lost with the next
    print(f"{benchmark.name}: {(time.monotonic() - began) / 60:.1f} minutes", file=sys.stderr, flush=True)
    return True


def _for_run(word: str, number: int) -> str:
    """Return a word of a command for the run of this number: where one kept its training, the next begins anew."""
    return f"{word}-{number + 1}" if number and word.startswith("runs/") else word


def _keep(benchmark: Benchmark, words: Sequence[str], runs: Sequence[Any], args: argparse.Namespace) -> None:
    command = _as_to_be_typed(benchmark, words[len(benchmark.command) :])
    document = {"machine": machine_facts(), "command": command, "quick": args.quick, "runs": runs}
    write_text_whole(args.to / f"{benchmark.name}.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _surroundings(kit: Path | None) -> dict[str, str]:
    """Return the environment of a benchmark: published models take part if the kit has their weights."""
    known = os.environ.get("IMPASTO_WEIGHTS", "")
    folders = [*([known] if known else []), *([str(kit / "reference")] if kit else [])]
    return {**os.environ, "IMPASTO_WEIGHTS": os.pathsep.join(folders)}


def _obstacle(benchmark: Benchmark, args: argparse.Namespace) -> str:
    """Say why a benchmark cannot be run here; an empty string if it can."""
    if not (HERE / benchmark.command[0]).is_file():
        return f"left out, {benchmark.command[0]} is not written yet"
    missing = [f"--{name}" for name in sorted(benchmark.needs()) if not getattr(args, name)]
    return f"left out, it needs {' and '.join(missing)}" if missing else ""


def _as_to_be_typed(benchmark: Benchmark, more: Sequence[str]) -> str:
    """Return the command with KIT, JUDGE and the like where a file of yours belongs."""
    program, *words = (word.format(**{name: name.upper() for name in benchmark.needs()}) for word in benchmark.command)
    return " ".join(["python", f"benchmarks/{program}", *words, *more])


def write_page(folder: Path) -> Path:
    """Write the report of all results and return its page."""
    questions = {one.name: one.question for one in BENCHMARKS}
    files = [path for path in sorted(folder.glob("*.json")) if path.stem != REPORT]
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in files}
    summary = {name: summarized(document) for name, document in found.items()}
    absent = [one.name for one in BENCHMARKS if one.name not in found]
    order = sorted(found, key=lambda name: list(questions).index(name) if name in questions else len(questions))
    parts = [_section(name, questions.get(name, name), found[name], summary[name]) for name in order]
    if absent:
        parts.append(section("Not measured yet", f"<p>{escaped(', '.join(absent))}</p>"))
    subtitle = "Medians over the runs, least and largest where there are several. Goals stand beside what was reached."
    text = page("Benchmarks", "\n".join(parts), subtitle=subtitle)
    write_text_whole(folder / "report.html", text)
    write_text_whole(folder / "report.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return folder / "report.html"


def summarized(document: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return of every number in the runs its median, least and largest."""
    runs = document.get("runs") or [document]
    values: dict[str, list[float]] = {}
    for run in runs:
        for name, value in flattened(run):
            values.setdefault(name, []).append(value)
    return {
        name: {"median": statistics.median(found), "least": min(found), "largest": max(found), "runs": len(found)}
        for name, found in values.items()
    }


def flattened(document: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, float]]:
    """Give every number of a document with the way to it; curves and the machine are not among them.

    Numbers in a row are several measurements of one thing; of documents in a row the first entry says which it is.
    """
    if isinstance(document, Mapping):
        for name, inside in document.items():
            if name not in ("machine", "curves"):
                yield from flattened(inside, (*path, str(name)))
    elif isinstance(document, list):
        for inside in document:
            yield from flattened(*_in_a_row(inside, path))
    elif isinstance(document, int | float):
        yield " · ".join(path), float(document)


def _in_a_row(document: Any, path: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    if not isinstance(document, Mapping):
        return document, path
    (name, value), *others = document.items()
    return dict(others), (*path, f"{value} {name}")


def never_reached(document: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Give the way to everything that was asked for and has no number, since it did not come about."""
    if isinstance(document, Mapping):
        for name, inside in document.items():
            if name not in ("machine", "curves"):
                yield from never_reached(inside, (*path, str(name)))
    elif isinstance(document, list):
        for inside in document:
            yield from never_reached(*_in_a_row(inside, path))
    elif document is None:
        yield " · ".join(path)


def _section(name: str, question: str, document: Mapping[str, Any], summary: Mapping[str, Mapping[str, float]]) -> str:
    rows = [
        [f"<td>{escaped(what)}</td>", _cell(found["median"]), f"<td>{_spread(found)}</td>"]
        for what, found in summary.items()
    ]
    missed = dict.fromkeys(what for run in document.get("runs") or [document] for what in never_reached(run))
    rows += [[f"<td>{escaped(what)}</td>", '<td data-value="inf">–</td>', "<td>not reached</td>"] for what in missed]
    machine = {key: str(value) for key, value in document.get("machine", {}).items()}
    how = facts({"command": document["command"], **machine} if "command" in document else machine)
    body = "<p>Tried out, small and short: these are no results.</p>" if document.get("quick") else ""
    body += table(["what", "median", "least to largest"], rows)
    return section(question, f"{body}<details><summary>{escaped(name)}: how it was measured</summary>{how}</details>")


def _cell(value: float) -> str:
    return f'<td data-value="{value:.6g}">{value:.4g}</td>'


def _spread(found: Mapping[str, float]) -> str:
    return (
        f"{found['least']:.4g} to {found['largest']:.4g}, {found['runs']:.0f} runs" if found["runs"] > 1 else "one run"
    )


if __name__ == "__main__":
    sys.exit(main())

"""Paint a first picture with nothing but what is installed: ``make demo``.

The photo is one of the public-domain photographs inside scikit-image's wheel, or else our own drawn harbour; the style
is our own drawn painting. Everything is written into ``demo/``.
"""

from __future__ import annotations

import importlib.util
import shlex
import subprocess
import sys
from pathlib import Path

from torch import Tensor

from impasto.images import Picture, brushwork, harbour, read, write

FOLDER = Path("demo")
COMMAND = (
    "impasto stylize demo/photo.png demo/style.png -o demo/result.png --preset quick --sheet demo/sheet.png --force"
)


def photo() -> Picture | Tensor:
    """Return a photograph of a cup of coffee (Rachel Michetti, CC0), or a drawn harbour where there is none."""
    package = importlib.util.find_spec("skimage")
    places = package.submodule_search_locations or [] if package else []
    found = [path for place in places if (path := Path(place, "data", "coffee.png")).is_file()]
    return read(found[0]) if found else harbour((400, 600))


def main() -> int:
    """Write photo and style, and paint with the very command that anybody would type."""
    FOLDER.mkdir(exist_ok=True)
    write(photo(), FOLDER / "photo.png", overwrite=True)
    write(brushwork((400, 600)), FOLDER / "style.png", overwrite=True)
    print(f"$ {COMMAND}", flush=True)
    program, *arguments = shlex.split(COMMAND)
    status = subprocess.call([str(Path(sys.executable).with_name(program)), *arguments])
    if status == 0:
        print(f"Look at {FOLDER / 'result.png'}, or at photo, style and result together: {FOLDER / 'sheet.png'}")
    return status


if __name__ == "__main__":
    sys.exit(main())

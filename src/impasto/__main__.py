"""``python -m impasto`` is the command ``impasto``."""

from impasto.apps.cli import main

if __name__ == "__main__":
    main()

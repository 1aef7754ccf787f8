"""The web app on Streamlit Community Cloud: this is the file to name as the main file."""

import os

# Limits that fit a free machine; each can be set anew among the app's secrets.
os.environ.setdefault("IMPASTO_WEB_WORKERS", "1")
os.environ.setdefault("IMPASTO_WEB_MEGAPIXELS", "13")
os.environ.setdefault("IMPASTO_WEB_LONGEST", "1600")
os.environ.setdefault("IMPASTO_WEB_PERFECT_LONGEST", "384")
os.environ.setdefault("IMPASTO_WEB_MEMORY_MEGABYTES", "800")
os.environ.setdefault("IMPASTO_WEB_SECONDS", "600")

from impasto.apps.web.app import main

main()

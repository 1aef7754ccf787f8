"""Parts of the pages that Streamlit does not have: each a Python function over a little HTML, CSS and JavaScript."""

from impasto.apps.web.parts.brush import brush
from impasto.apps.web.parts.divider import divider
from impasto.apps.web.parts.gallery import choose_styles
from impasto.apps.web.parts.pad import mix_pad
from impasto.apps.web.parts.serving import picture_url

__all__ = ["brush", "choose_styles", "divider", "mix_pad", "picture_url"]

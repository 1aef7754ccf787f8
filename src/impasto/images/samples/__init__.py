"""Pictures drawn by code, so that Impasto can show and test itself without anybody's files: a photo, three styles."""

from impasto.images.samples.brushwork_painting import brushwork
from impasto.images.samples.glass_mosaic import mosaic
from impasto.images.samples.harbour_scene import harbour
from impasto.images.samples.ink_engraving import engraving

__all__ = ["brushwork", "engraving", "harbour", "mosaic"]

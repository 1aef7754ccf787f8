"""Two pictures drawn by code, so that Impasto can show and test itself without anybody's files."""

from impasto.images.samples.brushwork_painting import brushwork
from impasto.images.samples.harbour_scene import harbour

__all__ = ["brushwork", "harbour"]

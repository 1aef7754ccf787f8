# %% [markdown]
# # Any style at once
#
# A network that was trained once, and paints any photo in any style in a single pass. This notebook shows what it
# understands of a style, and what can be done with that: mix, fade, coarsen, recolor.
#
# The idea goes back to Huang & Belongie, *Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization*
# (ICCV 2017), and Ghiasi et al., *Exploring the Structure of a Real-time, Arbitrary Neural Artistic Stylization
# Network* (BMVC 2017).

# %%
PHOTO = ""  # the path of your photo; empty: a drawn harbour
STYLE = ""  # the path of a painting; empty: a drawn one
SIZE = 384  # long side in pixels

# %%
import matplotlib.pyplot as plt
import torch

import impasto
from impasto import evaluation, images


def show(**pictures):
    """Show pictures side by side, all equally wide."""
    width = max(3, 10 / len(pictures))
    height = max(width * picture.shape[2] / picture.shape[3] for picture in pictures.values()) + 0.4
    figure, _ = plt.subplots(1, len(pictures), figsize=(width * len(pictures), height), layout="constrained")
    for axis, (name, picture) in zip(figure.axes, pictures.items(), strict=True):
        axis.imshow(picture[0].clamp(0, 1).permute(1, 2, 0))
        axis.set_title(name.replace("_", " "))
        axis.axis("off")
    plt.show()


def read(path, sample):
    """Return a picture (1, 3, H, W) in [0, 1] with a long side of SIZE."""
    picture = images.read(path).pixels if path else sample((256, 384))
    return images.resize(picture, images.fit_long_side(tuple(picture.shape[2:]), SIZE))


photo, brushwork = read(PHOTO, images.harbour), read(STYLE, images.brushwork)
mosaic, engraving = read("", images.mosaic), read("", images.engraving)
show(photo=photo, style=brushwork, mosaic=mosaic, engraving=engraving)

# %% [markdown]
# ## 1. One pass
#
# `load` gives a method ready to paint. Nothing is optimised from here on: the photo goes through the network once.

# %%
painter = impasto.load("fast")
result = painter(photo, brushwork)
print(f"{result.seconds:.2f} s")
show(photo=photo, style=brushwork, result=result.image)

# %% [markdown]
# Another style is another call. The network is the same; only what it knows of the style has changed.

# %%
show(in_brushwork=result.image, in_mosaic=painter(photo, mosaic).image, in_engraving=painter(photo, engraving).image)

# %% [markdown]
# ## 2. What it knows of a style
#
# A vector: how strong each feature of the encoder is in the painting, and how much it varies. Two kilobytes. From it
# a small perceptron sets a scale and a shift for every channel of the network.

# %%
from impasto import losses, models
from impasto.engine.vectors import style_vector
from impasto.models.fast import CODE_LAYERS

encoder = models.embedded_encoder(CODE_LAYERS)


def vector_of(painting):
    """Return the vector (1, D) of a painting."""
    with torch.no_grad():
        return style_vector({layer: losses.moments(maps) for layer, maps in encoder(painting).items()})


vectors = {"brushwork": vector_of(brushwork), "mosaic": vector_of(mosaic), "engraving": vector_of(engraving)}
{name: tuple(vector.shape) for name, vector in vectors.items()}

# %%
figure, axes = plt.subplots(3, 1, figsize=(9, 3.4), sharex=True, layout="constrained")
for axis, (name, vector) in zip(axes, vectors.items(), strict=True):
    half = vector.shape[1] // 2
    axis.plot(vector[0, :half].log1p(), linewidth=0.7)  # the means; the mean squares follow
    axis.set_title(name, loc="left")
plt.show()

# %% [markdown]
# ## 3. Styles by name
#
# Since a style is so small, many come with Impasto: measured from paintings in the public domain, the paintings
# themselves stay in their museums.

# %%
from impasto.engine.gallery import gallery

for style in gallery()[:6]:
    print(f"{style.name:18} {style.credit}")
show(**{style.name: painter(photo, style.name).image for style in gallery()[:3]})

# %% [markdown]
# ## 4. Mixing
#
# Vectors can be averaged, and the average is the vector of a collage: a style that could exist. So two paintings span
# a path, and more of them a surface.

# %%
mixed = {share: painter(photo, [brushwork, engraving], style_weights=(100 - share, share)) for share in (20, 50, 80)}
show(**{f"{100 - share} to {share}": one.image for share, one in mixed.items()})

# %% [markdown]
# ## 5. Strength, strokes, color
#
# The photo has a vector, too. Going from it to the style's is the strength dial: 0 gives back the photo.

# %%
show(**{f"strength {share}": painter(photo, brushwork, strength=share).image for share in (0, 35, 70, 100)})

# %%
show(**{f"stroke {size}": painter(photo, brushwork, stroke=size).image for size in (0.5, 1.0, 2.0)})

# %%
show(
    as_it_comes=result.image,
    keep_color=painter(photo, brushwork, keep_color=True).image,
    color_only=painter(photo, brushwork, color_only=True).image,
)

# %% [markdown]
# ## 6. How good is it?
#
# Measured as `impasto compare` does: the distance to the style (0 the same, 1 as far as the photo), and how much of
# the photo's shapes is lost.

# %%
from impasto.evaluation.judging import Judge, judging_network

judge = Judge(photo, brushwork, network=judging_network())
for name, picture in {"photo": photo, "result": result.image, "the painting itself": brushwork}.items():
    values = judge(images.resize(picture, tuple(photo.shape[2:]))).values
    print(f"{name:20} style {values['style']:.2f}  content {values['content']:.2f}  color {values['color']:.1f}")
evaluation.lint(result.image, photo, brushwork)

# %% [markdown]
# # Train on pairs
#
# An artist paints over a number of photos; a network learns from the pairs, and then paints photos that the artist
# never saw. Here the artist is Impasto itself, so that the notebook needs nobody's pictures: we make a small set of
# pairs, train a U-Net on it, and look at pictures that were kept out.
#
# The network is from Ronneberger, Fischer & Brox, *U-Net* (MICCAI 2015), with changes that the docs name.

# %%
PHOTO = ""  # the path of a photo to try the trained network on; empty: a drawn harbour
STYLE = ""  # the path of the painting that the artist imitates; empty: a drawn one
SIZE = 128  # long side of the pairs in pixels
COUNT = 60  # pairs to make
STEPS = 300  # steps of training

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import torch

import impasto
from impasto import images


def show(**pictures):
    """Show pictures side by side, all equally wide."""
    width = max(3, 9 / len(pictures))
    height = max(width * picture.shape[2] / picture.shape[3] for picture in pictures.values()) + 0.4
    figure, _ = plt.subplots(1, len(pictures), figsize=(width * len(pictures), height), layout="constrained")
    for axis, (name, picture) in zip(figure.axes, pictures.items(), strict=True):
        axis.imshow(picture[0].clamp(0, 1).permute(1, 2, 0))
        axis.set_title(name.replace("_", " "))
        axis.axis("off")
    plt.show()


folder = Path(tempfile.mkdtemp())
painting = images.read(STYLE).pixels if STYLE else images.brushwork((256, 384))
images.write(painting, folder / "painting.png")
show(the_painting=painting)

# %% [markdown]
# ## 1. Photos
#
# Pieces of our drawn harbour, each from another place and of another brightness. In earnest these are your photos.

# %%
scene = images.harbour((SIZE * 4, SIZE * 6))
dice = torch.Generator().manual_seed(0)
(folder / "photos").mkdir()
for number in range(COUNT):
    top, left = (int(torch.randint(0, side - SIZE, (1,), generator=dice)) for side in scene.shape[2:])
    light = 0.6 + 0.4 * float(torch.rand(1, generator=dice))
    piece = scene[..., top : top + SIZE, left : left + SIZE] * light
    images.write(piece, folder / "photos" / f"{number:03}.png")
len(list((folder / "photos").iterdir()))

# %% [markdown]
# ## 2. Pairs
#
# `source/` holds the photos, `target/` what the artist made of them, matched by name. `impasto data make-pairs` does
# the same on the command line.

# %%
from impasto.training.making_pairs import make_pairs

pairs = folder / "pairs"
made = make_pairs(folder / "photos", str(folder / "painting.png"), pairs, impasto.load("fast"), size=SIZE)
some = sorted(path.name for path in (pairs / "source").iterdir())[:2]
show(
    **{f"{side} {name[:3]}": images.read(pairs / side / name).pixels for name in some for side in ("source", "target")}
)
made.made

# %% [markdown]
# ## 3. Training
#
# The set is divided: most pairs are learnt from, some say when to stop, some are kept for the end. The loss is the
# squared error of the pixels; beside it stand a content and a style term, because squared error alone paints the mean
# of all strokes that would be possible, which is a blur.

# %%
run = folder / "run"
config = impasto.PairedTraining(
    pairs=pairs, steps=STEPS, crop=min(96, SIZE), batch=4, width=12, depth=2, validate_every=max(2, STEPS // 6)
)
weights = impasto.train(config, run)
sorted(path.name for path in run.iterdir())

# %%
from impasto.training.curves import read_curve

learnt, kept_out = read_curve(run / "training.csv"), read_curve(run / "validation.csv")
figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
axis.plot(learnt["step"], learnt["total"], linewidth=0.6, label="learnt from")
axis.plot(kept_out["step"], kept_out["total"], marker="o", label="kept out")
axis.set(xlabel="step", ylabel="loss")
axis.legend()
plt.show()

# %% [markdown]
# ## 4. What it learnt
#
# The trained network is a file, and a method like any other. These pictures it never saw:

# %%
from impasto.training.splitting import read_split

painter = impasto.load(weights)
unseen = [name for name, split in read_split(run / "split.csv").items() if split == "test"][:3]
for name in unseen:
    photo, target = (images.read(next((pairs / side).glob(f"{name}*"))).pixels for side in ("source", "target"))
    show(photo=photo, the_artist=target, the_network=painter(photo, []).image)

# %% [markdown]
# And a whole picture, larger than anything it has seen:

# %%
photo = images.read(PHOTO).pixels if PHOTO else images.harbour((256, 384))
show(photo=photo, the_network=painter(photo, []).image)

# %% [markdown]
# ## 5. In earnest
#
# A few hundred pairs, a few thousand steps, a GPU if there is one: `impasto train paired DIR -o RUN`. `impasto data
# check DIR` reports beforehand which pairs are unmatched, broken, duplicated or would leak from training into the
# test. *Train on pairs* in the docs has the whole way.

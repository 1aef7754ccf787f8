# %% [markdown]
# # Neural style transfer from scratch
#
# One picture in the manner of another, in a few steps that can all be looked at. The pieces are Impasto's, but
# nothing is hidden in them: a network gives features, losses compare features, and a loop changes the picture.
#
# The idea is from Gatys, Ecker & Bethge, *Image Style Transfer Using Convolutional Neural Networks* (CVPR 2016).

# %%
PHOTO = ""  # the path of your photo; empty: a drawn harbour
STYLE = ""  # the path of a painting; empty: a drawn one
SIZE = 256  # long side in pixels
STEPS = 150
CONTENT, TEXTURE, SMOOTH = 1.0, 10.0, 0.1  # how much each part counts

# %%
import matplotlib.pyplot as plt
import torch

from impasto import evaluation, images, losses, models


def show(**pictures):
    """Show pictures side by side, all equally wide."""
    width = max(4, 9 / len(pictures))
    height = max(width * picture.shape[2] / picture.shape[3] for picture in pictures.values()) + 0.4
    figure, _ = plt.subplots(1, len(pictures), figsize=(width * len(pictures), height), layout="constrained")
    for axis, (name, picture) in zip(figure.axes, pictures.items(), strict=True):
        axis.imshow(picture[0].detach().clamp(0, 1).permute(1, 2, 0))
        axis.set_title(name.replace("_", " "))
        axis.axis("off")
    plt.show()


def read(path, sample):
    """Return a picture (1, 3, H, W) in [0, 1] with a long side of SIZE."""
    picture = images.read(path).pixels if path else sample((256, 384))
    return images.resize(picture, images.fit_long_side(tuple(picture.shape[2:]), SIZE))


photo, style = read(PHOTO, images.harbour), read(STYLE, images.brushwork)
show(photo=photo, style=style)

# %% [markdown]
# ## 1. A network that sees
#
# A picture is three numbers per pixel, and two photos of the same cat have no pixel in common. A network that was
# trained to see turns them into *features*: maps that answer to edges, to strokes, to eyes. Early layers have large
# maps of simple things, later ones small maps of whole things.
#
# The network here comes with Impasto. It sees like VGG-19, in 3 MB; `models.vgg19(LAYERS)` would give the original.

# %%
LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
network = models.embedded_encoder(LAYERS)

with torch.no_grad():
    photo_features, style_features = network(photo), network(style)
{layer: tuple(maps.shape) for layer, maps in photo_features.items()}

# %% [markdown]
# Some of these maps, the most telling ones of each layer:

# %%
show(features=evaluation.feature_sheet(photo_features, channels=4, cell=120))

# %% [markdown]
# ## 2. Content: the same thing in the same place
#
# Two pictures have the same content when their features agree position by position. The loss is the mean squared
# difference, in a layer deep enough not to care about single pixels. It is divided by the size of the features
# themselves, so that 1 means *as wrong as if nothing were there*.

# %%
CONTENT_LAYER = "relu4_1"
content_goal = photo_features[CONTENT_LAYER]


def content_loss(features):
    """Return how far the features are from the photo's."""
    return losses.content_loss(features[CONTENT_LAYER], content_goal) / content_goal.square().mean()


content_loss(photo_features), content_loss(network(torch.rand_like(photo)))

# %% [markdown]
# ## 3. Style: what occurs together, wherever it is
#
# The *Gram matrix* of a layer says how often two features fire at the same spot, averaged over all spots. Where they
# fire is lost, and that is the point: what is left is the manner, not the motif.

# %%
show(
    photo=evaluation.gram_sheet({"relu2_1": photo_features["relu2_1"]}),
    style=evaluation.gram_sheet({"relu2_1": style_features["relu2_1"]}),
)

# %% [markdown]
# The style loss compares the Gram matrices of all five layers. Layers differ by factors of thousands, so each is
# divided by how far the photo itself is from the style: every layer begins at 1.

# %%
style_goal = {layer: losses.moments(maps) for layer, maps in style_features.items()}
at_the_start = {layer: losses.gram_loss(photo_features[layer], goal) for layer, goal in style_goal.items()}


def style_loss(features):
    """Return how far the features' Gram matrices are from the style's, 1 for the untouched photo."""
    shares = [losses.gram_loss(features[layer], goal) / at_the_start[layer] for layer, goal in style_goal.items()]
    return torch.stack(shares).mean()


style_loss(photo_features), style_loss(style_features)

# %% [markdown]
# ## 4. Smoothness
#
# Networks hardly notice the finest speckle. *Total variation*, the difference of neighbouring pixels, does.

# %%
variation = losses.total_variation(photo)


def smoothness_loss(picture):
    """Return how rough a picture is, 1 for the photo."""
    return losses.total_variation(picture) / variation


smoothness_loss(photo), smoothness_loss(torch.rand_like(photo))

# %% [markdown]
# ## 5. The loop
#
# The three losses are added up, and the gradient tells every pixel where to go. The picture itself is what learns;
# the network stays as it is. We begin with the photo.

# %%
picture = photo.clone().requires_grad_()
optimizer = torch.optim.Adam([picture], lr=0.03)
curves = {"content": [], "style": [], "smoothness": []}
snapshots = {}

for step in range(STEPS):
    optimizer.zero_grad()
    features = network(picture)
    parts = {
        "content": CONTENT * content_loss(features),
        "style": TEXTURE * style_loss(features),
        "smoothness": SMOOTH * smoothness_loss(picture),
    }
    sum(parts.values()).backward()
    optimizer.step()
    with torch.no_grad():
        picture.clamp_(0, 1)
    for name, value in parts.items():
        curves[name].append(float(value))
    if step + 1 in (STEPS // 20, STEPS // 5):
        snapshots[f"after {step + 1} steps"] = picture.detach().clone()

show(**snapshots, **{f"after {STEPS} steps": picture})

# %% [markdown]
# ## 6. How the losses went
#
# Style falls, content rises a little: the picture has left the photo to meet the painting. Where the curves settle,
# the two hold each other.

# %%
figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
for name, values in curves.items():
    axis.plot(values, label=name)
axis.set(xlabel="step", ylabel="loss", yscale="log")
axis.legend()
plt.show()

# %%
show(photo=photo, style=style, result=picture)

# %% [markdown]
# ## 7. What is missing
#
# Try it: `TEXTURE = 100`, `SMOOTH = 0`, other layers, `picture = torch.rand_like(photo)` to begin with noise.
#
# What `impasto.stylize(photo, style, "optimize")` does besides: it begins small and doubles the size on the way, so
# that strokes can be large; it compares whole covariances instead of Gram matrices; it walks with L-BFGS; it measures
# everything in units of the pair, so that one strength dial is enough; and it works in tiles where memory is short.

# %%
import impasto

result = impasto.stylize(photo, style, "optimize", size=SIZE, steps=STEPS)
show(by_hand=picture, by_impasto=result.image)

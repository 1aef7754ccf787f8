"""The per-style network as ncnn describes it, for running the kit's files with ncnn's own library."""

from __future__ import annotations

MAGIC = 7767517  # the first line of every description


class Description:
    """Layers in ncnn's text form, each with the names of what goes in and comes out."""

    def __init__(self) -> None:
        self.lines = ["Input input 0 1 x0"]
        self.blobs, self.at = 1, "x0"

    def add(self, kind: str, facts: str = "", *, sources: tuple[str, ...] = (), outputs: int = 1) -> list[str]:
        """Add a layer behind the last one (or behind ``sources``) and return the names of its outputs."""
        named = sources or (self.at,)
        made = [f"x{self.blobs + number}" for number in range(outputs)]
        self.blobs += outputs
        name = f"{kind.lower()}{len(self.lines)}"
        self.lines.append(f"{kind} {name} {len(named)} {outputs} {' '.join([*named, *made])} {facts}".rstrip())
        self.at = made[0]
        return made

    def convolution(self, width_in: int, width: int, kernel: int, *, stride: int = 1, normalized: bool = True) -> None:
        edge = kernel // 2
        self.add("Padding", f"0={edge} 1={edge} 2={edge} 3={edge} 4=2")  # 2: mirrored
        self.add("Convolution", f"0={width} 1={kernel} 3={stride} 5=1 6={width_in * width * kernel**2}")
        if normalized:
            self.add("InstanceNorm", f"0={width} 1=1.0e-05")

    def text(self) -> str:
        return "\n".join([str(MAGIC), f"{len(self.lines)} {self.blobs}", *self.lines, ""])


def fast_neural_style() -> tuple[str, str]:
    """Return the description of PyTorch's fast_neural_style, and the name of its output."""
    net = Description()
    for width_in, width, kernel, stride in ((3, 32, 9, 1), (32, 64, 3, 2), (64, 128, 3, 2)):
        net.convolution(width_in, width, kernel, stride=stride)
        net.add("ReLU")
    for _ in range(5):
        kept, net.at = net.add("Split", outputs=2)
        net.convolution(128, 128, 3)
        net.add("ReLU")
        net.convolution(128, 128, 3)
        net.add("BinaryOp", "0=0", sources=(kept, net.at))
    for width_in, width in ((128, 64), (64, 32)):
        net.add("Interp", "0=1 1=2.0 2=2.0")  # 1: the nearest pixel
        net.convolution(width_in, width, 3)
        net.add("ReLU")
    net.convolution(32, 3, 9, normalized=False)
    return net.text(), net.at

"""ONNX files: written from a network, with weights kept in fewer bytes where wanted, and run by ONNX Runtime.

Only the kernels are kept smaller, in float16 or in 8 bits with a scale for each of their outputs (Jacob et al.,
"Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, without the
integer arithmetic). Every file computes in float32, so that it runs alike on any runtime.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from impasto.config.exporting import Storage
from impasto.errors import MissingExtraError, WeightsError
from impasto.weights.atomic import writing_whole

__all__ = ["OPSET", "Input", "OnnxFile", "write_onnx"]

OPSET = 20
LEAST_KERNELS = 256  # numbers; below that there is nothing to save


@dataclass(frozen=True)
class Input:
    """One input of a file: its name, an example, and what its height and width are multiples of (0: they are fixed)."""

    name: str
    example: Tensor
    cell: int = 0


def write_onnx(
    path: Path,
    network: nn.Module,
    inputs: list[Input],
    output: str,
    *,
    metadata: Mapping[str, str],
    storage: Storage = "float32",
) -> None:
    """Write a network as ONNX, whole or not at all; pictures may have any size of whole cells."""
    onnx = _library("onnx")
    _library("onnxscript")
    with _quiet(), torch.no_grad():
        # Traced here and not by the exporter, which would fall back to fixed sizes without a word.
        traced = torch.export.export(
            network.eval(),
            tuple(one.example for one in inputs),
            dynamic_shapes=tuple(_shape_of(one) for one in inputs),
            strict=False,
        )
        program = torch.onnx.export(
            traced,
            dynamo=True,
            opset_version=OPSET,
            input_names=[one.name for one in inputs],
            output_names=[output],
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    for node in model.graph.node:
        del node.metadata_props[:]  # the exporter tells there in which files of this computer it was traced
    _store(model.graph, storage, onnx)
    onnx.helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model, full_check=True)
    with writing_whole(path) as unfinished:
        unfinished.write_bytes(model.SerializeToString())


class OnnxFile:
    """A file ready to run on the processor."""

    def __init__(self, path: Path) -> None:
        runtime = _library("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        try:
            self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as fault:  # ONNX Runtime's classes of errors share nothing else
            raise WeightsError(f"{path} cannot be run by ONNX Runtime; export it again.") from fault

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Return the one output for the inputs in their order."""
        names = [one.name for one in self._session.get_inputs()]
        given = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
        return torch.from_numpy(self._session.run(None, given)[0])

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says about itself."""
        return dict(self._session.get_modelmeta().custom_metadata_map)


def _shape_of(one: Input) -> dict[int, Any] | None:
    if not one.cell:
        return None
    least = max(1, -(-16 // one.cell))
    height, width = (torch.export.Dim(f"{one.name}_{side}", min=least, max=2**14) for side in ("rows", "columns"))
    return {2: one.cell * height, 3: one.cell * width} if one.cell > 1 else {2: height, 3: width}


def _store(graph: Any, storage: Storage, onnx: Any) -> None:
    """Keep the graph's kernels as they are wanted, each followed by what turns it into float32 again."""
    if storage == "float32":
        return
    nodes: list[Any] = []
    for kernels in [one for one in graph.initializer if _is_kernels(one, onnx)]:
        values = onnx.numpy_helper.to_array(kernels)
        name = kernels.name
        graph.initializer.remove(kernels)
        small, node = _as_float16(name, values, onnx) if storage == "float16" else _as_int8(name, values, onnx)
        graph.initializer.extend(small)
        nodes.append(node)
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *rest])


def _is_kernels(one: Any, onnx: Any) -> bool:
    return bool(one.data_type == onnx.TensorProto.FLOAT and len(one.dims) > 1 and np.prod(one.dims) >= LEAST_KERNELS)


def _as_float16(name: str, values: Any, onnx: Any) -> tuple[list[Any], Any]:
    small = onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}_float16")
    return [small], onnx.helper.make_node("Cast", [small.name], [name], to=onnx.TensorProto.FLOAT)


def _as_int8(name: str, values: Any, onnx: Any) -> tuple[list[Any], Any]:
    """Keep 8 bits of every number, and how much one step of them is worth for each output."""
    flat = np.abs(values.reshape(len(values), -1)).max(1)
    step = np.maximum(flat / 127, 1e-12).astype(np.float32)
    whole = np.round(values / step.reshape(-1, *[1] * (values.ndim - 1))).astype(np.int8)
    small, scale = (
        onnx.numpy_helper.from_array(whole, f"{name}_int8"),
        onnx.numpy_helper.from_array(step, f"{name}_step"),
    )
    node = onnx.helper.make_node("DequantizeLinear", [small.name, scale.name], [name], axis=0)
    return [small, scale], node


def _library(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as missing:
        raise MissingExtraError("ONNX", "export") from missing


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep to ourselves what the exporter says about itself while it works."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)

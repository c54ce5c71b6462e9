"""Matrix products with weights that are packed once, exact or in fewer bits.

`fp32` is the arithmetic of `torch.nn.Linear`. `bf16` and `fp16` round weights and inputs and add up in fp32; `int8` has
weights of eight bits with a scale for each output, and inputs that are quantised by their own range in every call.
Everything between the products stays fp32.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Literal, cast

import torch
from torch import Tensor
from torch.nn.functional import linear

from bridge.scorer._device import CPU

#: [..., out] from [..., in].
Product = Callable[[Tensor], Tensor]


Dtype = Literal["fp32", "bf16", "fp16", "int8"]
#: What a caller may ask for; `auto` is resolved by what is measured.
DtypeSetting = Literal["fp32", "bf16", "fp16", "int8", "auto"]

HALF: dict[str, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}


def runs_here(dtype: Dtype, device: torch.device = CPU) -> bool:
    """Whether this processor, or this GPU, computes in a dtype; what it would emulate is slower than fp32."""
    if dtype == "fp32":
        return True
    if device.type == "cuda":
        return dtype == "fp16" or (dtype == "bf16" and torch.cuda.is_bf16_supported(including_emulation=False))
    if dtype == "int8":
        return torch.backends.quantized.engine in {"x86", "fbgemm", "onednn"}
    try:
        return bool(getattr(torch.ops.mkldnn, f"_is_mkldnn_{dtype}_supported")())
    except (AttributeError, RuntimeError):
        return False


def product_of(weight: Tensor, bias: Tensor, dtype: Dtype = "fp32") -> Product:
    """`x @ weight.T + bias` with the weight packed for oneDNN, or plainly where this torch or the device cannot.

    In fp32 the same arithmetic as `linear`, and on AMD processors faster than through MKL.
    """
    weight, bias = weight.detach(), bias.detach()
    if dtype == "int8":
        return _quantised(weight, bias)
    if dtype in HALF:
        half = HALF[dtype]
        product = _packed(weight.to(half), bias.to(half))
        return lambda x: product(x.to(half)).float()
    return _packed(weight, bias)


def _packed(weight: Tensor, bias: Tensor) -> Product:
    if weight.device != CPU:
        return lambda x: linear(x, weight, bias)
    try:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight)
        run = torch.ops.mkldnn._linear_pointwise
        run(weight.new_zeros(1, weight.shape[1]), packed, bias, "none", [], "")
    except (AttributeError, NotImplementedError, RuntimeError):
        return lambda x: linear(x, weight, bias)
    return lambda x: cast(Tensor, run(x, packed, bias, "none", [], ""))


def _quantised(weight: Tensor, bias: Tensor) -> Product:
    scales = (weight.abs().amax(1) / 127).clamp(min=1e-12).double()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch moves these to another package, which does not run on processors yet
        zeros = torch.zeros(len(weight), dtype=torch.long)
        whole = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
        packed = torch.ops.quantized.linear_prepack(whole, bias)
    run = torch.ops.quantized.linear_dynamic
    # Without VNNI sums of two 8-bit products overflow 16 bits; one bit less in the inputs avoids it.
    narrow = not _has_vnni()
    return lambda x: cast(Tensor, run(x, packed, narrow))


def _has_vnni() -> bool:
    probe = getattr(torch.cpu, "_is_vnni_supported", None)
    return bool(probe is not None and probe())


def product_of_layer(layer: Any, dtype: Dtype = "fp32") -> Product:
    """The same of a `torch.nn.Linear`."""
    return product_of(layer.weight, layer.bias, dtype)


def stacked_product(*layers: Any, dtype: Dtype = "fp32") -> Product:
    """[..., sum of their outputs] of several `torch.nn.Linear` over the same input in one product."""
    weight, bias = torch.cat([layer.weight for layer in layers]), torch.cat([layer.bias for layer in layers])
    return product_of(weight, bias, dtype)

"""Matrix products with weights that are packed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import linear

#: [..., out] from [..., in].
Product = Callable[[Tensor], Tensor]


def product_of(weight: Tensor, bias: Tensor) -> Product:
    """`x @ weight.T + bias` with the weight packed for oneDNN, or plainly where this torch cannot.

    The same arithmetic as `linear`, and on AMD processors faster than through MKL.
    """
    weight, bias = weight.detach(), bias.detach()
    try:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight)
        run = torch.ops.mkldnn._linear_pointwise
        run(weight.new_zeros(1, weight.shape[1]), packed, bias, "none", [], "")
    except (AttributeError, NotImplementedError, RuntimeError):
        return lambda x: linear(x, weight, bias)
    return lambda x: cast(Tensor, run(x, packed, bias, "none", [], ""))


def product_of_layer(layer: Any) -> Product:
    """The same of a `torch.nn.Linear`."""
    return product_of(layer.weight, layer.bias)


def stacked_product(*layers: Any) -> Product:
    """[..., sum of their outputs] of several `torch.nn.Linear` over the same input in one product."""
    return product_of(torch.cat([layer.weight for layer in layers]), torch.cat([layer.bias for layer in layers]))

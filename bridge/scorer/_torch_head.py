"""What stands behind the encoder of a span model on torch: the sums of `Network`, faster where they are few.

A short text reads more weights than it computes, and an LSTM waits for all threads at every word. So the products are
packed like the encoder's, and the LSTM of a short text is a few of them.

Notation of shapes: N subtokens that are read (`_places`), W words, K = `max_width`, C classes, D = `hidden_size`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from bridge.scorer._config import CheckpointConfig
from bridge.scorer._network import Network
from bridge.scorer._places import Places
from bridge.scorer._products import Product, product_of, product_of_layer
from bridge.scorer._span_heads import span_logits

#: Words up to which torch's own LSTM takes longer than the steps of `_ShortLstm`.
_SHORT = 24


class TorchHead:
    """Runs `markerV0` with the words, the LSTM and the prompt network before it; exact."""

    @staticmethod
    def knows(config: CheckpointConfig) -> bool:
        """Whether a checkpoint's head has this form."""
        return config.span_mode == "markerV0" and not config.is_poly_encoder

    def __init__(self, network: Network) -> None:
        """Pack the weights of a network, which is not trained any further."""
        head: Any = network.span_rep_layer.span_rep_layer
        first, second = head.out_project[0], head.out_project[3]
        width = network.config.hidden_size
        self._network = network
        self._max_width: int = head.max_width
        self._start = _packed(head.project_start), _without_bias(first.weight[:, :width])
        self._end = _packed(head.project_end), product_of(first.weight[:, width:], first.bias)
        self._fold, self._bias = _without_bias(second.weight.T), second.bias
        self._prompt = _packed(network.prompt_rep_layer)
        short = hasattr(network, "rnn") and network.rnn.lstm.num_layers == 1
        self._short_lstm = _ShortLstm(network.rnn.lstm) if short else None

    def __call__(self, hidden: Tensor, places: Places, lengths: Tensor, classes: Tensor | None) -> Tensor:
        """[B, W, K, C] logits; see `Head` of `_encoders`."""
        words = self._network.gathered(hidden, places.words, lengths)
        if self._short_lstm is not None and words.shape[0] == 1 and words.shape[1] <= _SHORT:
            words = self._short_lstm(words)
        else:
            words = self._network.contextual(words, lengths)
        if classes is None:
            classes = self._prompt(self._network.prompt_classes(hidden, places.classes)[0])
        start, end = (half(project(words).relu()) for project, half in (self._start, self._end))
        return span_logits(start, end, self._fold(classes), classes @ self._bias, self._max_width)


class _ShortLstm:
    """A bidirectional LSTM of one layer over one text, [1, W, D] from the same: one product a step for both ways."""

    def __init__(self, lstm: Any) -> None:
        names = "l0", "l0_reverse"
        weights = torch.cat([getattr(lstm, f"weight_ih_{name}") for name in names])
        biases = torch.cat([getattr(lstm, f"bias_ih_{name}") + getattr(lstm, f"bias_hh_{name}") for name in names])
        self._enter = product_of(weights, biases)
        self._recur = torch.stack([getattr(lstm, f"weight_hh_{name}").T for name in names]).contiguous()
        self._width: int = lstm.hidden_size

    def __call__(self, words: Tensor) -> Tensor:
        ahead, back = self._enter(words)[0].view(words.shape[1], 2, 1, -1).unbind(1)
        hidden = cell = words.new_zeros(2, 1, self._width)
        steps = []
        for entered in torch.stack([ahead, back.flip(0)], 1):
            enter, forget, new, out = torch.baddbmm(entered, hidden, self._recur).chunk(4, 2)
            cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
            hidden = out.sigmoid() * cell.tanh()
            steps.append(hidden)
        ahead, back = torch.stack(steps, 1).squeeze(2).unbind()
        return torch.cat([ahead, back.flip(0)], 1).unsqueeze(0)


def _packed(layers: Any) -> Product:
    """A `feed_forward` as it is outside training."""
    up, down = product_of_layer(layers[0]), product_of_layer(layers[3])
    return lambda x: down(up(x).relu())


def _without_bias(weight: Tensor) -> Product:
    return product_of(weight, weight.new_zeros(len(weight)))

"""What stands behind the encoder of a span model as an OpenVINO graph: words, their LSTM, prompt network, `markerV0`.

In the same runtime as the encoder, so that the threads of one library do not wait for those of another.

Notation of shapes: B batch, N subtokens that are read (`_places`), W words, K = `max_width`, C classes,
D = `hidden_size`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from bridge.scorer._config import CheckpointConfig
from bridge.scorer._network import Network
from bridge.scorer._openvino_graph import Operations


class HeadGraph(Operations):
    """Builds the graph from hidden vectors to logits.

    Attributes:
        model: an `openvino.Model`: [B, W, K, C] from hidden vectors [B, N, D], words [B, N] and lengths [B] as
            `Network` takes them, and the classes: numbers [B, N] in a uni-encoder, else vectors [B or 1, C, D] that are
            ready for the head.
    """

    @staticmethod
    def knows(config: CheckpointConfig) -> bool:
        """Whether a checkpoint's head has this form."""
        return (
            config.span_mode == "markerV0" and not config.is_poly_encoder and config.subtoken_pooling in _ONE_SUBTOKEN
        )

    def __init__(self, network: Network) -> None:
        super().__init__()
        op, config = self._op, network.config
        self._width: int = config.hidden_size
        hidden = op.parameter([-1, -1, self._width], np.float32, "hidden")
        numbers = op.parameter([-1, -1], np.int64, "words")
        lengths = op.parameter([-1], np.int64, "lengths")
        self._words = op.reduce_max(lengths, self._whole(0), True)  # [1]: W
        words = self._numbered(hidden, numbers, op.squeeze(self._words, self._whole(0)))
        if hasattr(network, "rnn"):
            words = self._recurrent(words, lengths, network.rnn.lstm)
        if config.is_bi_encoder:
            given = classes = op.parameter([-1, -1, self._width], np.float32, "classes")
        else:
            given = op.parameter([-1, -1], np.int64, "classes")
            classes = self._numbered(hidden, given, op.reduce_max(given, self._whole(0, 1)))
            classes = self._feed_forward(classes, network.prompt_rep_layer)
        logits = self._logits(words, classes, network.span_rep_layer.span_rep_layer)
        self.model = self._model(logits, [hidden, numbers, lengths, given])

    def _numbered(self, hidden: Any, numbers: Any, count: Any) -> Any:
        """[B, count, D] the hidden vector of each number from 1 on, zeros where a row has none.

        A product with 0 and 1, hence exact.
        """
        op = self._op
        one = op.constant(np.int64(1))
        wanted = op.range(one, op.add(count, one), one, "i64")
        at = op.equal(op.unsqueeze(numbers, self._whole(1)), op.unsqueeze(wanted, self._whole(1)))
        return op.matmul(op.convert(at, "f32"), hidden, False, False)

    def _recurrent(self, words: Any, lengths: Any, lstm: Any) -> Any:
        """[B, W, D] behind a bidirectional LSTM that sees each row's own words."""
        op = self._op
        for layer in range(lstm.num_layers):
            # The runtime's own bidirectional kernel begins at the padding; a reversed row has it at its end.
            ahead = self._one_way(words, lstm, f"l{layer}")
            back = self._one_way(op.reverse_sequence(words, lengths, 0, 1), lstm, f"l{layer}_reverse")
            words = op.concat([ahead, op.reverse_sequence(back, lengths, 0, 1)], 2)
        return words

    def _one_way(self, words: Any, lstm: Any, name: str) -> Any:
        op, width = self._op, lstm.hidden_size

        def weights(*kinds: str) -> Any:
            """[1, 4 * width, *] with the gates in this runtime's order: forget, input, cell, output."""
            enter, forget, cell, out = sum(getattr(lstm, f"{kind}_{name}") for kind in kinds).chunk(4)
            return self._constant(torch.cat([forget, enter, cell, out])[None])

        batch = op.gather(op.shape_of(words), self._whole(0), self._whole(0))
        nothing = op.broadcast(op.constant(np.float32(0)), op.concat([batch, self._whole(1, width)], 0))
        start = nothing, nothing, op.broadcast(self._words, batch)
        learned = weights("weight_ih"), weights("weight_hh"), weights("bias_ih", "bias_hh")
        return op.squeeze(op.lstm_sequence(words, *start, *learned, width, "forward").output(0), self._whole(1))

    def _feed_forward(self, x: Any, layers: Any) -> Any:
        up, down = layers[0], layers[3]
        return self._linear(self._op.relu(self._linear(x, up.weight, up.bias)), down.weight, down.bias)

    def _logits(self, words: Any, classes: Any, head: Any) -> Any:
        """[B, W, K, C], as `MarkerV0` computes them, one width of spans after the other."""
        op, width = self._op, self._width
        first, second = head.out_project[0], head.out_project[3]
        start = op.relu(self._feed_forward(words, head.project_start))
        start = op.matmul(start, self._constant(first.weight[:, :width]), False, True)
        end = op.relu(self._feed_forward(words, head.project_end))
        end = self._linear(end, first.weight[:, width:], first.bias)
        ends = op.pad(end, self._whole(0, 0, 0), self._whole(0, head.max_width - 1, 0), "constant")
        folded = op.matmul(classes, self._constant(second.weight), False, False)
        constant = op.matmul(self._constant(second.bias[None, None]), classes, False, True)
        widths = []
        for further in range(head.max_width):
            first_end = self._whole(further)
            own = op.slice(ends, first_end, op.add(self._words, first_end), self._whole(1), self._whole(1))
            logits = op.add(op.matmul(op.relu(op.add(start, own)), folded, False, True), constant)
            widths.append(op.unsqueeze(logits, self._whole(2)))
        return op.concat(widths, 2)


#: Poolings that read a word from one subtoken.
_ONE_SUBTOKEN = {"first", "last"}

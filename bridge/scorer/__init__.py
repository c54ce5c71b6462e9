"""GLiNER and nothing of search: texts and labels in, labelled spans out.

>>> from bridge.scorer import Scorer
>>> scorer = Scorer.load("default")  # or a folder, or a hub id
>>> scorer.predict(["red nike shoes"], ["brand", "color"], threshold=0.5)  # doctest: +SKIP
"""

from __future__ import annotations

from bridge.scorer._calibration import CALIBRATION_FILE, Calibration, read_calibration
from bridge.scorer._config import CheckpointConfig
from bridge.scorer._network import Network, build_network
from bridge.scorer._openvino import RuntimeSetting
from bridge.scorer._products import DtypeSetting
from bridge.scorer._scorer import Scorer
from bridge.scorer._words import Words, split_words

__all__ = [
    "CALIBRATION_FILE",
    "Calibration",
    "CheckpointConfig",
    "DtypeSetting",
    "Network",
    "RuntimeSetting",
    "Scorer",
    "Words",
    "build_network",
    "read_calibration",
    "split_words",
]

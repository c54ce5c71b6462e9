"""Which way a model runs where the caller says `auto`: the fastest that finds the same entities on a sample."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple, get_args

from bridge.entities import TaggedText
from bridge.scorer._openvino import Runtime, RuntimeSetting, has_openvino
from bridge.scorer._products import Dtype, DtypeSetting

#: Entities of the sample that a way may find otherwise than the first, as a share (F1 with those of the first).
GREATEST_LOSS = 0.005
#: A way must be this much faster; less is within what a clock shows on a busy machine.
LEAST_GAIN = 1.1
_ROUNDS = 5

#: Shop queries and titles, news, and requests, with the labels that are asked of all of them.
SAMPLE = (
    "red nike running shoes size 10",
    "organic dark roast coffee beans 2 lb",
    "dell laptop 16gb ram 15.6 inch",
    "gluten free chocolate chip cookies without nuts",
    "samsung galaxy s21 case black leather",
    "women's waterproof hiking boots under 100 dollars",
    "book a table for four at an italian restaurant in boston tomorrow at 7 pm",
    "play the latest album by adele on spotify",
    "Logitech MX Master 3S Wireless Mouse, Graphite, USB-C, for Windows and Mac",
    "Bosch cordless drill 18V with two batteries and case, blue",
    "stainless steel water bottle 750 ml with straw lid",
    "Lavazza Qualita Rossa ground coffee 250 g pack of 4",
    "The European Commission opened an office in Nairobi on Tuesday, said Maria Keller.",
    "Toyota will build electric cars in Kentucky from 2026, the Wall Street Journal reports.",
    "cheap flights from london to lisbon next friday",
    "kids cotton pyjamas with dinosaurs, 4 years, green",
    "second hand canon eos camera with 50mm lens",
    "vegan protein powder vanilla 1kg",
    "is there a pharmacy open near central park",
    "oak dining table 180 x 90 cm extendable",
)
LABELS = (
    "brand", "product type", "color", "material", "size", "quantity", "price", "flavor", "person", "organization",
    "location", "date", "time", "music artist", "compatible product", "department",
)  # fmt: skip

Predict = Callable[[Sequence[str]], list[TaggedText]]


class Way(NamedTuple):
    """What computes the model, and in what."""

    dtype: Dtype = "fp32"
    runtime: Runtime = "torch"


PLAIN = Way()


@dataclass(frozen=True, slots=True)
class Trial:
    """What a way did on the sample beside the first: times faster, and the share of entities found otherwise."""

    way: Way
    gain: float
    loss: float

    @property
    def accepted(self) -> bool:
        return self.gain >= LEAST_GAIN and self.loss <= GREATEST_LOSS


def ways(dtype: DtypeSetting, runtime: RuntimeSetting) -> list[Way]:
    """What the settings leave open, the most exact and plainest first; without OpenVINO, `auto` means torch."""
    dtypes: tuple[Dtype, ...] = get_args(Dtype) if dtype == "auto" else (dtype,)
    runtimes: tuple[Runtime, ...] = (runtime,) if runtime != "auto" else ("torch", "openvino")
    if runtime == "auto" and not has_openvino():
        runtimes = ("torch",)
    return [Way(*way) for way in product(dtypes, runtimes)]


def try_ways(choice: Sequence[Way], predict_by: Callable[[Way], Predict | None]) -> list[Trial]:
    """Run the sample by every way that there is beside the first, in turn.

    Args:
        choice: the first is what the others are measured by.
        predict_by: None where the model does not run that way, or the machine has it not.
    """
    exact = predict_by(choice[0])
    assert exact is not None
    truth = _entities(exact(SAMPLE))
    trials = []
    for way in choice[1:]:
        predict = predict_by(way)
        if predict is not None:
            found = _entities(predict(SAMPLE))
            loss = 1 - 2 * len(found & truth) / max(len(found) + len(truth), 1) if found or truth else 0.0
            trials.append(Trial(way, _gain(exact, predict), loss))
    return trials


def best_way(first: Way, trials: Sequence[Trial]) -> Way:
    """The fastest accepted one, else the first."""
    accepted = [trial for trial in trials if trial.accepted]
    return max(accepted, key=lambda trial: trial.gain).way if accepted else first


def _gain(exact: Predict, other: Predict) -> float:
    """How many times faster a single query is; the median of several tries in turn."""
    ratios = []
    for number in range(_ROUNDS):
        text = [SAMPLE[number]]
        seconds = []
        for predict in (exact, other):
            begun = time.perf_counter()
            predict(text)
            seconds.append(time.perf_counter() - begun)
        ratios.append(seconds[0] / max(seconds[1], 1e-9))
    return statistics.median(ratios)


def _entities(tagged: Sequence[TaggedText]) -> set[tuple[int, int, int, str]]:
    return {(number, span.start, span.end, span.label) for number, one in enumerate(tagged) for span in one}

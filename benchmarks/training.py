"""What matters in training a model, by short runs that differ from the embedded model's recipe in one thing each.

    python benchmarks/training.py --data DATA --out runs/compare [--minutes 10] [--threads 1] [--only few-labels …]

Each run starts from fresh encoders and takes the same time. A run that is done is not repeated; one that was killed
goes on. Prints the learning curves (best F1 over thresholds, the first 200 texts of each dev set) and F1 on sets whose
labels were never taught (their first 300 texts). DATA is what the recipe wants, see docs/model.md.
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

RECIPE = Path(__file__).parents[1] / "bridge" / "models" / "recipe.yaml"
UNSEEN = ("nlu_evaluation.train", "sgd.dev", "fb_multilingual_en.dev")
Recipe = dict[str, Any]


def _nothing(_: Recipe) -> None:
    """The recipe itself."""


def _few_labels(recipe: Recipe) -> None:
    recipe["loss"] |= {"max_labels": 25, "other_names": 8}


def _uni_encoder(recipe: Recipe) -> None:
    recipe["network"]["family"] = "uni-encoder"
    _few_labels(recipe)  # more would not fit before a text


def _annotated_only(recipe: Recipe) -> None:
    recipe["sets"] = [one for one in recipe["sets"] if "generate" not in one]


def _trained_labels(recipe: Recipe) -> None:
    recipe["network"]["label_encoder"] = "trained"


#: What each run changes.
RUNS: dict[str, Callable[[Recipe], None]] = {
    "recipe": _nothing,
    "few-labels": _few_labels,
    "uni-encoder": _uni_encoder,
    "annotated-only": _annotated_only,
    "trained-labels": _trained_labels,
}


def recipe_of(name: str, minutes: float) -> Recipe:
    """The embedded model's recipe from fresh encoders, for a short run, with one change."""
    recipe: Recipe = copy.deepcopy(yaml.safe_load(RECIPE.read_text("utf-8")))
    recipe["network"].pop("start", None)
    recipe["optimiser"] |= {"minutes": minutes, "warm_up": 0.05, "head_rate": 5e-4}
    recipe |= {"seed": 5, "export": "last", "evaluate_minutes": minutes / 4}
    for one in recipe["dev"]:
        one["limit"] = 200
    RUNS[name](recipe)
    return recipe


def run(name: str, data: Path, out: Path, minutes: float, threads: int) -> None:
    """Train one, unless it is done."""
    folder = out / name
    if (folder / "model").exists():
        return
    recipe = out / f"{name}.yaml"
    recipe.write_text(yaml.safe_dump(recipe_of(name, minutes), sort_keys=False, allow_unicode=True), "utf-8")
    command = ["train", str(recipe), "--data", str(data), "--out", str(folder), "--threads", str(threads)]
    _bridge(*command, *(["--resume"] if (folder / "state.pt").exists() else []))


def unseen(name: str, data: Path, out: Path) -> dict[str, float]:
    """Best F1 over thresholds on each set with labels that were never taught."""
    files = [str(data / "ner" / f"{one}.jsonl.xz") for one in UNSEEN]
    model = str(out / name / "model")
    shown = _bridge("evaluate", "ner", *files, "--model", model, "--limit", "300", "--threshold-sweep", "--json")
    sets = json.loads(shown)["sets"]
    return {one["name"]: max(score["f1"] for score in one["by_threshold"].values()) for one in sets}


def _bridge(*arguments: str) -> str:
    command = [sys.executable, "-m", "bridge.cli", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def report(name: str, out: Path, found: dict[str, float]) -> None:
    """The curve, the last scores by set, and those on unseen labels."""
    curve = [json.loads(line) for line in (out / name / "curve.jsonl").read_text("utf-8").splitlines()]
    last = curve[-1]
    print(f"{name}: {last['step']} steps in {last['minutes']:.0f} minutes")
    print("  mean " + " → ".join(f"{100 * point['mean']:.1f}" for point in curve))
    print("  last " + ", ".join(f"{one} {100 * f1:.1f}" for one, f1 in last["dev"].items()))
    mean = sum(found.values()) / len(found)
    print("  unseen " + ", ".join(f"{one} {100 * f1:.1f}" for one, f1 in found.items()) + f", mean {100 * mean:.1f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--only", choices=RUNS, nargs="*", default=list(RUNS))
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.only:
        run(name, given.data, given.out, given.minutes, given.threads)
        report(name, given.out, unseen(name, given.data, given.out))


if __name__ == "__main__":
    main()

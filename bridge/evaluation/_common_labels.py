"""Which common labels the texts of an index name, as a model sees them: the labels that a schema could begin with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bridge.schema.proposal import FoundLabel
from bridge.scorer import Scorer

#: Labels of shops, media, jobs, places and documents, as people say them; the model is asked for all at once.
COMMON_LABELS = (
    *("brand", "product type", "color", "material", "size", "pattern", "style", "flavor", "scent", "dietary attribute"),
    *("ingredient", "pack size", "product feature", "product line", "model number", "connectivity", "capacity"),
    *("gender", "age group", "occasion", "season", "room", "sport", "animal", "vehicle", "vehicle model"),
    *("person", "organization", "location", "country", "nationality", "language", "genre", "character", "event"),
    *("job title", "skill", "degree", "employment type", "industry", "property type", "amenity", "cuisine", "dish"),
    *("grape variety", "medicine", "disease", "body part", "software", "programming language", "date", "law"),
)
#: A label is worth a place in a schema where at least this share of the texts names it.
_WORTH = 0.1
_MOST = 6
_EXAMPLES = 4


def labels_in_texts(
    scorer: Scorer, texts: Sequence[str], labels: Sequence[str] = COMMON_LABELS, *, most: int = _MOST
) -> list[FoundLabel]:
    """The labels that at least one text in ten names, most frequent first.

    All labels are asked for at once and compete for the words, so what is named both `brand` and `organization` counts
    for the more likely one.

    Args:
        scorer: the model; spans from its default threshold on count.
        texts: titles or short texts.
        labels: what is asked for.
        most: so many labels at most.
    """
    given = [text for text in texts if text.strip()]
    if not given:
        return []
    named: Counter[str] = Counter()
    examples: dict[str, Counter[str]] = {}
    for spans in scorer.predict(given, list(labels), scorer.default_threshold):
        named.update({span.label for span in spans})
        for span in spans:
            examples.setdefault(span.label, Counter())[span.text.lower()] += 1
    measured = scorer.calibration.precision if scorer.calibration is not None else lambda _: None
    return [
        FoundLabel(
            label,
            count / len(given),
            tuple(text for text, _ in examples[label].most_common(_EXAMPLES)),
            measured(label),
        )
        for label, count in sorted(named.items(), key=lambda item: (-item[1], item[0]))[:most]
        if count / len(given) >= _WORTH
    ]

"""A schema proposed from an index: what `gliner-bridge init` prints.

survey = bridge.engines.survey_index(engine, "shop")
print(propose(survey, "shop"))
"""

from bridge.schema.proposal._classify import USABLE
from bridge.schema.proposal._propose import propose, text_fields
from bridge.schema.proposal._survey import FieldSurvey, FoundLabel, IndexSurvey, strings

__all__ = ["USABLE", "FieldSurvey", "FoundLabel", "IndexSurvey", "propose", "strings", "text_fields"]

"""A large language model as one way to find entities, behind an endpoint that speaks OpenAI's chat completions.

It is asked for JSON by a schema (`response_format`), with each entity quoted as it stands in the text; the text is then
searched for the quotes, as language models count characters badly. The key is sent and never shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception_type, retry_if_result, stop_after_attempt, wait_exponential

from bridge.errors import SetupError
from bridge.evaluation._others import Answer

_SYSTEM = (
    "You mark entities in short texts such as search queries and product titles. Quote each entity exactly as it stands"
    " in the text, as short as it can be. Use only the labels given. Mark nothing that the text does not name."
)
#: Answers that are worth another try: too busy, or broken for a moment.
_AGAIN = frozenset({408, 409, 429, 500, 502, 503, 504})
_TRIES = 4


class LlmFinder:
    """Asks one model, one text a call, without sampling (`temperature` 0).

    Args:
        url: of the API, up to and with its version: `https://host/v1`.
        model: as the endpoint names it.
        key: sent as `Authorization: Bearer`; None sends none.
        timeout: seconds for one answer.
        pause: seconds before the second try, doubled for each further one.
    """

    def __init__(
        self, url: str, model: str, *, key: str | None = None, timeout: float = 60.0, pause: float = 1.0
    ) -> None:
        self.name = f"LLM {model}"
        self._model = model
        self._url = f"{url.rstrip('/')}/chat/completions"
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(headers=headers, timeout=timeout)
        self._pause = pause

    def __repr__(self) -> str:
        return f"LlmFinder({self._url!r}, {self._model!r})"

    def close(self) -> None:
        self._client.close()

    def can_find(self, labels: Sequence[str]) -> list[str]:
        return list(labels)

    def find(self, text: str, labels: Sequence[str]) -> Answer:
        """Raises SetupError where the endpoint cannot be reached, or refuses."""
        try:
            content = self._ask(text, labels).json()
            usage = content.get("usage") or {}
            tokens = int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
            said = content["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, AttributeError):
            return Answer(failed=True)
        try:
            entities = [(str(one["text"]), str(one["label"])) for one in json.loads(said)["entities"]]
        except (ValueError, LookupError, TypeError):
            return Answer((), *tokens, failed=True)
        return Answer(located(text, [one for one in entities if one[1] in labels]), *tokens)

    def _ask(self, text: str, labels: Sequence[str]) -> httpx.Response:
        body = {
            "model": self._model,
            "temperature": 0,
            "messages": [
                {"role": "system", "content": _SYSTEM},
                {"role": "user", "content": f"Labels: {', '.join(labels)}\n\nText: {text}"},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "entities", "strict": True, "schema": answer_schema(labels)},
            },
        }
        retrying = Retrying(
            retry=retry_if_exception_type(httpx.TransportError)
            | retry_if_result(lambda answer: answer.status_code in _AGAIN),
            stop=stop_after_attempt(_TRIES),
            wait=wait_exponential(multiplier=self._pause, max=20),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        try:
            answer: httpx.Response = retrying(self._client.post, self._url, json=body)
        except httpx.TransportError as error:
            raise SetupError(
                f"the language model does not answer ({type(error).__name__})", where=self._url, hint="check --llm-url"
            ) from None
        if answer.status_code in (401, 403):
            raise SetupError(
                f"the language model refuses the key (HTTP {answer.status_code})",
                where=self._url,
                hint="check the environment variable that --llm-key-env names",
            )
        if answer.status_code != 200:
            raise SetupError(
                f"the language model answers HTTP {answer.status_code}",
                where=self._url,
                hint="check --llm-url and --llm-model, and that it takes `response_format: json_schema`",
            )
        return answer


def answer_schema(labels: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of an answer: entities with the text as quoted and one of the labels."""
    entity = {
        "type": "object",
        "properties": {"text": {"type": "string"}, "label": {"type": "string", "enum": list(labels)}},
        "required": ["text", "label"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"entities": {"type": "array", "items": entity}},
        "required": ["entities"],
        "additionalProperties": False,
    }


def located(text: str, quotes: Sequence[tuple[str, str]]) -> tuple[tuple[int, int, str], ...]:
    """Where quoted entities stand in a text; the second of two equal ones is looked for behind the first.

    Whole words come before parts of words. What the text does not hold gets offsets before the text.
    """
    spans: list[tuple[int, int, str]] = []
    taken: set[tuple[int, int]] = set()
    for number, (quote, label) in enumerate(quotes, start=1):
        wanted = re.escape(quote.strip())
        places = [
            match.span()
            for pattern in (rf"(?<!\w){wanted}(?!\w)", wanted)
            for match in re.finditer(pattern, text, re.IGNORECASE)
            if wanted
        ]
        place = next((one for one in places if one not in taken), places[0] if places else None)
        if place is None:
            spans.append((-number, -number, label))
        else:
            taken.add(place)
            spans.append((*place, label))
    return tuple(spans)

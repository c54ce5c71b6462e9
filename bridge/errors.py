"""Every error that the bridge raises on purpose.

    BridgeError
    ├── SchemaError            the YAML schema is wrong (file, line, key)
    ├── CheckpointError        a model cannot be loaded
    ├── TrainingDataError      a training or evaluation file cannot be read (file, line)
    ├── InputError             the caller's argument or request is wrong       HTTP 400
    ├── UnknownSchemaError     no schema of that name is loaded                HTTP 404
    ├── UnauthorizedError      missing or wrong key                            HTTP 401
    ├── TooLargeError          the request is over a size limit                HTTP 413
    ├── OverloadedError        the queue is full, try again later              HTTP 429
    ├── NotReadyError          the model is not warm yet                       HTTP 503
    ├── DeadlineExceededError  the time budget ran out                         HTTP 504
    ├── EngineError            the search engine refused a request
    │   └── EngineUnavailableError  the search engine cannot be reached
    └── SetupError             the machine lacks something (Java, a port, a file)

A message says what is wrong; `where` says where (file, line, key, URL); `hint` says what to do next.
Messages of errors that reach HTTP never quote user text.
"""

from __future__ import annotations

from collections.abc import Sequence


class BridgeError(Exception):
    """Base of all errors of the bridge."""

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class SchemaError(BridgeError):
    """A schema file is wrong; `where` is `file:line: key.path`.

    Where a file has several problems, `problems` holds each as an error of its own, in file order, and the message
    lists them all with their places; `where` is then None. Empty where there is one problem only.
    """

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        problems: Sequence[SchemaError] = (),
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.problems = tuple(problems)

    @classmethod
    def together(cls, problems: Sequence[SchemaError]) -> SchemaError:
        """One error of one or several problems."""
        if len(problems) == 1:
            return problems[0]
        return cls("\n".join(str(problem) for problem in problems), problems=problems)


class CheckpointError(BridgeError):
    """A model checkpoint is missing, incomplete or of an unknown form."""


class TrainingDataError(BridgeError):
    """A training or evaluation file cannot be read; `where` is `file:line`."""


class InputError(BridgeError):
    """The caller's argument or request is wrong."""


class UnknownSchemaError(BridgeError):
    """No schema of that name is loaded."""


class UnauthorizedError(BridgeError):
    """The request carries no key, or one that is not valid for this schema."""


class TooLargeError(BridgeError):
    """The request is over a size limit."""


class OverloadedError(BridgeError):
    """The queue is full; the caller should try again after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float = 1.0, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class NotReadyError(BridgeError):
    """The model is not loaded and warm yet."""


class DeadlineExceededError(BridgeError):
    """The time budget of the request ran out."""


class EngineError(BridgeError):
    """The search engine refused a request; `status` is its HTTP status."""

    def __init__(
        self, message: str, *, status: int | None = None, where: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.status = status


class EngineUnavailableError(EngineError):
    """The search engine cannot be reached."""


class SetupError(BridgeError):
    """The machine lacks something that a command needs."""

"""The closed list of errors that a client can see: type, HTTP status, and what to do.

Every answer that is not 2xx is `{"error": {"type", "message"}}` with one of these types; messages name keys and
places, never what the user wrote.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge import errors


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the list."""

    type: str
    status: int
    meaning: str


INVALID = Kind("invalid_input", 400, "the request is wrong; the message names the key")
KINDS: dict[type[errors.BridgeError], Kind] = {
    errors.InputError: INVALID,
    errors.UnauthorizedError: Kind("unauthorized", 401, "no key, or one that is not valid for this schema"),
    errors.UnknownSchemaError: Kind("unknown_schema", 404, "no schema of that name is loaded"),
    errors.TooLargeError: Kind("too_large", 413, "the request is over a size limit"),
    errors.OverloadedError: Kind("overloaded", 429, "the queue is full; try again after `Retry-After` seconds"),
    errors.NotReadyError: Kind("not_ready", 503, "the model is not warm yet, or the sidecar is stopping"),
    errors.EngineError: Kind("engine_error", 502, "the search engine refused a request of the sidecar"),
    errors.EngineUnavailableError: Kind("engine_unavailable", 502, "the search engine cannot be reached"),
    errors.DeadlineExceededError: Kind("deadline_exceeded", 504, "the time budget of the request ran out"),
}
NOT_FOUND = Kind("not_found", 404, "no such endpoint")
METHOD_NOT_ALLOWED = Kind("method_not_allowed", 405, "the endpoint has another method")
INTERNAL = Kind("internal", 500, "a defect of the sidecar; its log has the details")

#: All types in one list, for documentation and OpenAPI.
ALL: tuple[Kind, ...] = (*KINDS.values(), NOT_FOUND, METHOD_NOT_ALLOWED, INTERNAL)


def kind_of(error: BaseException) -> Kind:
    """The row for an exception: the nearest class of the list, else `internal`."""
    for cls in type(error).__mro__:
        if cls in KINDS:
            return KINDS[cls]
    return INTERNAL


def message_of(error: BaseException) -> str:
    """What the client may read. Defects say nothing of themselves: their text could quote the user's."""
    if isinstance(error, errors.InputError) and error.where:
        return f"{error.where}: {error.message}"
    if isinstance(error, errors.BridgeError) and kind_of(error) is not INTERNAL:
        return error.message
    return "the sidecar failed; see its log"


def body_of(kind: Kind, message: str) -> dict[str, dict[str, str]]:
    """The JSON body of an error answer."""
    return {"error": {"type": kind.type, "message": message}}

"""How refusals are described in OpenAPI."""

from typing import Any

from fastauth_kit import ErrorShape
from fastauth_kit.core.errors import InvalidInput, InvalidToken, NotAuthenticated
from fastauth_kit.core.problems import ProblemDetails, phrase

SHAPE = ErrorShape()

INVALID = SHAPE.documented(InvalidInput)
"""422, without the ``input`` that FastAPI's own description shows."""

SIGN_IN = SHAPE.documented(NotAuthenticated, InvalidToken)
"""401."""


def refusal(status: int, code: str, detail: str) -> dict[int | str, dict[str, Any]]:
    """Describe a refusal of our own, for ``responses=`` of a route."""
    example = SHAPE.body(status=status, code=code, detail=detail)
    schema = ProblemDetails.model_json_schema()
    content = {SHAPE.media_type: {"schema": schema, "example": example}}
    return {status: {"description": f"{phrase(status)}: `{code}`", "content": content}}

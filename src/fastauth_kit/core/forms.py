"""Bodies that come as a form (RFC 6749) or as JSON."""

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from fastauth_kit.core.errors import AuthError, InvalidInput

BodyT = TypeVar("BodyT", bound=BaseModel)

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class UnsupportedGrantType(AuthError):
    """The form asks for a grant that this route does not give (RFC 6749, section 5.2)."""

    code = "unsupported_grant_type"
    detail = "This route does not give that grant."


async def read_form_or_json(
    request: Request,
    model: type[BodyT],
    *,
    grant_type: str,
    renamed: Mapping[str, str] | None = None,
) -> BodyT:
    """Read a body in either encoding.

    Args:
        grant_type: The only grant that a form may ask for, if it names one.
        renamed: Form fields that have another name in ``model``.

    Raises:
        UnsupportedGrantType: The form names another grant.
        InvalidInput: The content type is neither.
        RequestValidationError: The fields do not fit ``model``.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in _FORMS:
        fields: Any = dict((await request.form()).items())
        if fields.pop("grant_type", grant_type) != grant_type:
            raise UnsupportedGrantType
        names = renamed or {}
        return _validate(model, {names.get(key, key): value for key, value in fields.items()})
    if media_type == "application/json" or media_type.endswith("+json"):
        return _validate(model, await request.json())
    raise InvalidInput.at("header", "content-type", type="content_type", msg="Send JSON or a form.")


def _validate(model: type[BodyT], value: Any) -> BodyT:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"])} for item in found]
        ) from None


def document_body(
    model: type[BaseModel],
    *,
    grant_type: str,
    renamed: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the OpenAPI of a body in either encoding."""
    schema = model.model_json_schema()
    names = {new: old for old, new in (renamed or {}).items()}
    fields = {names.get(key, key): value for key, value in schema["properties"].items()}
    form = {
        "type": "object",
        "title": f"{schema['title']}Form",
        "properties": {"grant_type": {"type": "string", "const": grant_type}, **fields},
        "required": [names.get(key, key) for key in schema.get("required", ())],
    }
    content = {"application/json": {"schema": schema}, _FORMS[0]: {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}

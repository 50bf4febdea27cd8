"""Bodies that come as a form (RFC 6749) or as JSON."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from fastauth_kit.core.errors import AmbiguousCredentials, AuthError, InvalidInput

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
        AmbiguousCredentials: The form has a renamed field under both names.
        UnsupportedGrantType: The form names another grant.
        InvalidInput: The content type is neither.
        RequestValidationError: The fields do not fit ``model``.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in _FORMS:
        fields: dict[str, Any] = dict((await request.form()).items())
        if fields.get("grant_type", grant_type) != grant_type:
            raise UnsupportedGrantType
        if any(name in fields and field in fields for name, field in (renamed or {}).items()):
            raise AmbiguousCredentials
        names = _form_names(model.model_fields, renamed)
        # nothing but the form's own names: whoever else reads the form must see the same
        return _validate(
            model, {field: fields[name] for field, name in names.items() if name in fields}, names
        )
    if media_type == "application/json" or media_type.endswith("+json"):
        return _validate(model, await request.json(), {})
    raise InvalidInput.at("header", "content-type", type="content_type", msg="Send JSON or a form.")


def _form_names(fields: Iterable[str], renamed: Mapping[str, str] | None) -> dict[str, str]:
    """Return what each field of a model is called in the form."""
    names = {field: name for name, field in (renamed or {}).items()}
    return {field: names.get(field, field) for field in fields}


def _validate(model: type[BodyT], value: Any, names: Mapping[str, str]) -> BodyT:
    """Validate, and call fields in a refusal what they were called in the request."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError(
            [
                {**item, "loc": ("body", *(names.get(str(part), part) for part in item["loc"]))}
                for item in found
            ]
        ) from None


def document_body(
    model: type[BaseModel],
    *,
    grant_type: str,
    renamed: Mapping[str, str] | None = None,
    required: bool = True,
) -> dict[str, Any]:
    """Return the OpenAPI of a body in either encoding."""
    schema = model.model_json_schema()
    names = _form_names(schema["properties"], renamed)
    fields = {names[field]: described for field, described in schema["properties"].items()}
    form = {
        "type": "object",
        "title": f"{schema['title']}Form",
        "properties": {"grant_type": {"type": "string", "const": grant_type}, **fields},
        "required": [names[field] for field in schema.get("required", ())],
    }
    content = {"application/json": {"schema": schema}, _FORMS[0]: {"schema": form}}
    return {"requestBody": {"required": required, "content": content}}

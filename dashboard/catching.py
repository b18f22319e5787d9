"""How an exception of the SDK is printed, and the lines that catch it, made from its entry in the reference."""

from __future__ import annotations

from triage.knowledge import Code, Snippet
from triage.knowledge.reference import ExceptionClass, Reference

_PUBLIC = ("anthropic", "anthropic.tools")


def printed_form(exception: ExceptionClass, code: Code | None) -> str:
    """Return a traceback's last line for ``exception``; its own example, or one in the form that all share.

    Empty where the form can't be known: a class without an answer of the API behind it and without an example.
    """
    if exception.example:
        return exception.example.rstrip("\n")
    if exception.status is None or code is None:
        return ""
    kind = code.types[0] if code.types else "api_error"
    details = f", 'details': {{'error_code': '{exception.error_code}'}}" if exception.error_code else ""
    body = f"{{'type': 'error', 'error': {{'type': '{kind}', 'message': '…'{details}}}, 'request_id': 'req_…'}}"
    module = exception.module if exception.error_code else "anthropic"
    return f"{module}.{exception.name}: Error code: {exception.status} - {body}"


def catching_lines(exception: ExceptionClass, reference: Reference) -> tuple[Snippet, ...]:
    """Return the lines that catch ``exception`` in Python and in TypeScript; none for what no request raises."""
    ancestors = {base.name for base in reference.lineage(exception)}
    if "APIError" not in ancestors:
        return ()
    lines = []
    if exception.sdk == "python":
        lines.append(Snippet(language="python", code=_in_python(exception, answered="APIStatusError" in ancestors)))
    if exception.typescript:
        lines.append(Snippet(language="typescript", code=_in_typescript(exception, "APIStatusError" in ancestors)))
    return tuple(lines)


def _in_python(exception: ExceptionClass, *, answered: bool) -> str:
    package = exception.module if exception.module in _PUBLIC else exception.module.rpartition(".")[0]
    name = f"anthropic.{exception.name}" if package == "anthropic" else exception.name
    imported = "import anthropic" if package == "anthropic" else f"from {package} import {exception.name}"
    told = (
        "error.request_id, error.api_message"
        if answered or exception.name == "APIStatusError"
        else "repr(error.__cause__)"
    )
    return f"""{imported}

try:
    message = client.messages.create(**request)
except {name} as error:
    print({told})"""


def _in_typescript(exception: ExceptionClass, answered: bool) -> str:
    condition = f"error instanceof Anthropic.{exception.typescript}"
    if exception.error_code:
        condition += f' && error.errorCode === "{exception.error_code}"'
    told = "error.requestID, error.apiMessage" if answered or exception.name == "APIStatusError" else "error.cause"
    return f"""try {{
  message = await client.messages.create(request);
}} catch (error) {{
  if (!({condition})) throw error;
  console.error({told});
}}"""

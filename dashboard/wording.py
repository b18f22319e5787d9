"""The knowledge's closed lists of words, as sentences and labels for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

WHO_ACTS: Final[dict[str, _StrPromise]] = {
    "developer": _("You, in the code or its settings"),
    "account_owner": _("Whoever owns the account: keys, plan and billing"),
    "network_operator": _("Whoever runs your network"),
    "gateway_operator": _("Whoever runs the gateway or relay in between"),
    "provider": _("The provider of the model; you can only wait and retry"),
    "nobody": _("Nobody: nothing is broken"),
}
FAULT: Final[dict[str, _StrPromise]] = {
    "own_code": _("Your code"),
    "own_account": _("Your account"),
    "own_network": _("Your network"),
    "gateway": _("A gateway or relay in between"),
    "cloud_provider": _("The cloud that serves the model"),
    "anthropic_edge": _("Anthropic's edge"),
    "anthropic_api": _("Anthropic's API"),
    "client_program": _("The client program"),
    "unknown": _("Can't be told from this alone"),
}
CREDENTIALS: Final[dict[str, tuple[_StrPromise, _StrPromise, str]]] = {
    "api_key": (
        _("An API key"),
        _("Its name and last characters stand in the Console under API keys; what the program has:"),
        'printf "%s\\n" "$ANTHROPIC_API_KEY" | cut -c1-14',
    ),
    "bearer_token": (
        _("A bearer token, as gateways take it"),
        _("It comes from ANTHROPIC_AUTH_TOKEN and wins over a login:"),
        'printf "%s\\n" "$ANTHROPIC_AUTH_TOKEN" | cut -c1-8',
    ),
    "oauth_login": (
        _("A login (OAuth): the plan of a person, not an API key"),
        _("In Claude Code /status names the login in use; a leftover variable would be:"),
        "env | grep -E '^(ANTHROPIC|CLAUDE)_' | cut -d= -f1",
    ),
    "key_helper": (
        _("What the script apiKeyHelper prints"),
        _("In Claude Code /status says so; the script is named in the settings:"),
        "grep -n apiKeyHelper ~/.claude/settings.json .claude/settings.json",
    ),
    "aws_credentials": (
        _("AWS credentials"),
        _("Which account and role they are:"),
        "aws sts get-caller-identity",
    ),
    "aws_profile": (
        _("A profile of AWS"),
        _("Which account and role it is, and where each value comes from:"),
        "aws sts get-caller-identity && aws configure list",
    ),
    "bedrock_api_key": (
        _("An API key of Bedrock"),
        _("It wins over profiles and roles; whether one is set:"),
        "env | grep AWS_BEARER_TOKEN_BEDROCK | cut -d= -f1",
    ),
    "google_credentials": (
        _("Credentials of Google Cloud"),
        _("Which account they are:"),
        "gcloud auth list && gcloud config get-value project",
    ),
    "azure_key": (
        _("A key of Microsoft Foundry"),
        _("Whether one is set:"),
        "env | grep ANTHROPIC_FOUNDRY | cut -d= -f1",
    ),
}
"""What a request proved its right with: in words, how to see which one it was, and the line that shows it."""
ASKED: Final[dict[str, str]] = {"python": "Python", "typescript": "Node", "claude-code": "Claude Code"}
"""The programs that can be asked for the error behind an error."""

FAMILIES: Final[dict[str, _StrPromise]] = {
    "request_shape": _("The shape of the request"),
    "parameters": _("Parameters"),
    "tools": _("Tools"),
    "thinking": _("Thinking"),
    "media_and_length": _("Images, documents and length"),
    "credentials": _("Keys and sign-in"),
    "access": _("Permission and reach"),
    "not_found": _("Nothing at that name or address"),
    "rate_limits": _("Rate limits"),
    "server": _("Failures of the API"),
    "answers": _("Answers that are no errors on the wire"),
    "network": _("The network"),
    "billing": _("Money"),
    "cloud": _("Bedrock, Vertex AI and Foundry"),
    "platform": _("Batches, files and other parts of the platform"),
    "programs": _("Claude Code and other programs"),
}
"""The families of causes, in the order in which the reference lists them."""

CHAPTERS: Final[dict[str, _StrPromise]] = {
    "retrying": _("Retrying"),
    "reading": _("Reading an error"),
    "sending": _("Sending requests"),
    "watching": _("Watching"),
}
"""The chapters of the practices, in their order on the page."""

STATES: Final[dict[str, _StrPromise]] = {
    "does": _("Done here"),
    "part": _("Done here in part"),
    "not_yet": _("Not here yet"),
    "not_ours": _("Up to your program"),
}
"""How far this server goes with a practice."""

STUCK: Final[dict[str, _StrPromise]] = {
    "any": _("Whatever the client"),
    "claude-code": _("In Claude Code"),
    "python": _("In your own Python program"),
    "typescript": _("In your own TypeScript program"),
}
"""The clients that a way out is for."""

ENTRIES: Final[dict[str, _StrPromise]] = {
    "type": _("Error type"),
    "exception": _("Exception class"),
    "practice": _("Practice"),
    "topic": _("For all errors"),
}
"""What a search finds beside codes and causes."""

LANGUAGES: Final[dict[str, str]] = {
    "python": "Python",
    "typescript": "TypeScript",
    "curl": "curl",
    "shell": "Shell",
    "json": "JSON",
    "text": "Text",
}
PLACES: Final[dict[str, _StrPromise]] = {
    "api": _("the API"),
    "sdk": _("the SDKs"),
    "claude-code": _("Claude Code"),
    "edge": _("an edge before the API"),
    "proxy": _("a proxy"),
    "bedrock": _("Amazon Bedrock"),
    "vertex": _("Vertex AI"),
    "foundry": _("Microsoft Foundry"),
}
REASON_KINDS: Final[dict[str, _StrPromise]] = {
    "error_code": _("Error code"),
    "type": _("Type"),
    "status": _("Status"),
    "message": _("Words"),
    "exception": _("Exception"),
    "header": _("Header"),
    "context": _("Context"),
}


def confidence_in_words(confidence: float) -> str:
    """Return how sure a confidence (0 to 1) is, for a sentence's start."""
    if confidence >= 0.9:
        return str(_("Almost certain"))
    if confidence >= 0.6:
        return str(_("Likely"))
    if confidence >= 0.3:
        return str(_("Possible"))
    return str(_("A weak guess"))

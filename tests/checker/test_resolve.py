from __future__ import annotations

import pytest

from triage.checker import find_paths, resolve
from triage.checker.pointers import to_api_form

REQUEST = {
    "model": "claude-opus-4-8",
    "system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}],
    "thinking": {"type": "enabled", "budget_tokens": 5},
    "tool_choice": {"type": "tool", "name": "x"},
    "tools": [
        {"name": "plain", "input_schema": {"type": "object", "properties": {"a.b": {"type": "string"}}}},
        {"name": "mcp__jira__search__issues", "input_schema": {"type": "object"}},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 0},
        {"type": "mcp_toolset", "mcp_server_name": "wiki"},
        {"type": "computer_toolset_20260801"},
    ],
    "mcp_servers": [{"type": "url", "name": "wiki", "url": "https://example.com"}],
    "messages": [
        {"role": "user", "content": "x"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me look at the weather in Oslo and also in Bergen."},
                {"type": "tool_use", "id": "toolu_1", "name": "plain", "input": {"custom": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "4"}]},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aaaa"}},
                {
                    "type": "document",
                    "title": "Plan",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": "a"},
                },
            ],
        },
    ],
}


@pytest.mark.parametrize(
    ("path", "pointer", "name"),
    [
        (
            "messages.1.content.0",
            "/messages/1/content/0",
            "a text block that begins “Let me look at the weather in Oslo and a…”",
        ),
        ("messages.1.content.1.tool_use.id", "/messages/1/content/1/id", "a tool_use of `plain` (toolu_1)"),
        ("messages[1].content[1].input", "/messages/1/content/1/input", "a tool_use of `plain` (toolu_1)"),
        (
            "messages.1.content.1.tool_use.input.custom",
            "/messages/1/content/1/input/custom",
            "a tool_use of `plain` (toolu_1)",
        ),
        ("messages.1.content.list.0.text.text", "/messages/1/content/0/text", None),
        ("/messages/2/content/0", "/messages/2/content/0", "a tool_result for `plain` (toolu_1)"),
        (
            "messages.2.content.1.image.source.base64.media_type",
            "/messages/2/content/1/source/media_type",
            "an image (image/png, 4 characters)",
        ),
        (
            "messages.2.content.2.pdf.source.base64.data",
            "/messages/2/content/2/source/data",
            "a document (`Plan`, application/pdf, 1 characters)",
        ),
        ("messages.2.role", "/messages/2/role", "a message with the role user"),
        ("tools.1.custom.input_schema", "/tools/1/input_schema", "`mcp__jira__search__issues`, from server `jira`"),
        (
            "tools.1.FrontendRemoteMcpToolDefinition.name",
            "/tools/1/name",
            "`mcp__jira__search__issues`, from server `jira`",
        ),
        ("tools.2.web_search_20250305.max_uses", "/tools/2/max_uses", "`web_search`"),
        ("tools.3", "/tools/3", "the toolset of the MCP server `wiki`"),
        ("tools.4.type", "/tools/4/type", "the tool `computer_toolset_20260801`"),
        ("system.0.cache_control.ephemeral.type", "/system/0/cache_control/type", "a text block that begins “a”"),
        ("thinking.enabled.budget_tokens", "/thinking/budget_tokens", None),
        ("tool_choice.tool.name", "/tool_choice/name", None),
        ("mcp_servers.0.url", "/mcp_servers/0/url", "the MCP server `wiki`"),
        ("`messages.1.content.1`:", "/messages/1/content/1", "a tool_use of `plain` (toolu_1)"),
        ("tools[0].input_schema.properties['a.b']", "/tools/0/input_schema/properties/a.b", "`plain`"),
    ],
)
def test_a_path_leads_to_its_element_and_names_it(path, pointer, name):
    found = resolve(path, REQUEST)
    assert found.complete
    assert found.pointer == pointer
    if name is not None:
        assert found.name.endswith(f" is {name}")


@pytest.mark.parametrize(
    ("path", "pointer", "rest"),
    [
        ("messages.9.content.0", "/messages", "9.content.0"),
        ("tools.0.custom.input_schema.required.0", "/tools/0/input_schema", "required.0"),
        ("messages.1.content.1.tool_use.signature", "/messages/1/content/1", "signature"),
        ("messages.-1", "/messages", "-1"),
        ("messages.0.content.0", "/messages/0/content", "0"),
    ],
)
def test_a_path_that_leads_further_than_the_request_stops_where_it_ends(path, pointer, rest):
    found = resolve(path, REQUEST)
    assert (found.pointer, found.rest, found.complete) == (pointer, rest, False)


@pytest.mark.parametrize("path", ["", "nothing.here", "0", "/", "....", "[", "metadata.user_id"])
def test_a_path_that_begins_nowhere_finds_nothing(path):
    assert resolve(path, REQUEST) is None


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (("tools", 0, "input_schema", "type"), "tools.0.custom.input_schema.type"),
        (("tools", 0), "tools.0"),
        (("messages", 2, "content", 1, "source", "data"), "messages.2.content.1.image.source.base64.data"),
        (("messages", 2, "content", 2, "source", "data"), "messages.2.content.2.pdf.source.base64.data"),
        (("messages", 2, "content", 0, "content", 0), "messages.2.content.0.tool_result.content.0"),
        (("system", 0, "cache_control", "ttl"), "system.0.cache_control.ephemeral.ttl"),
        (("thinking", "budget_tokens"), "thinking.enabled.budget_tokens"),
        (("max_tokens",), "max_tokens"),
    ],
)
def test_the_form_of_the_api_names_the_members_of_unions(path, form):
    assert to_api_form(REQUEST, path) == form
    found = resolve(form, REQUEST)
    if found is not None and found.complete:
        assert found.pointer == "/" + "/".join(map(str, path))


def test_paths_are_found_in_messages():
    text = (
        "400 messages.66.content.3: `tool_use` ids were found; tools.187.custom.input_schema: JSON schema is invalid. "
        "Also messages[3].role must be 'user', and system.4.cache_control. See messages and https://docs.claude.com/tools.html"
    )
    assert find_paths(text) == [
        "messages.66.content.3",
        "tools.187.custom.input_schema",
        "messages[3].role",
        "system.4.cache_control",
    ]
    assert find_paths("max_tokens: 200000 > 64000, which is the maximum") == ["max_tokens"]


def test_long_texts_are_cut_in_what_is_shown():
    found = resolve("messages.0", {"messages": [{"role": "user", "content": "a" * 5000}]})
    assert found.as_dict()["element"]["content"].endswith("(5,000 characters)")
    assert len(found.excerpt()) < 400

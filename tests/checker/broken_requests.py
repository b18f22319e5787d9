"""Kinds of broken requests, each with the cause and the place at which the checker has to find it."""

from __future__ import annotations

from tests.checker.valid_requests import (
    CUSTOM_TOOLS,
    EPHEMERAL,
    SCHEMA,
    SIGNATURE,
    STRICT,
    b64,
    conversation,
    document,
    image,
    pdf,
    png,
    request,
    text,
)

WEATHER = CUSTOM_TOOLS[0]
CALL = {"type": "tool_use", "id": "toolu_01", "name": "get_weather", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_01", "content": "4 °C"}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": SIGNATURE}
BUDGET = {"type": "enabled", "budget_tokens": 2048}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_01", "name": "web_search", "input": {"query": "x"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_01", "content": []}


def without(body, *fields):
    return {key: value for key, value in body.items() if key not in fields}


def tool(name="get_weather", schema=SCHEMA, **more):
    return {"name": name, "input_schema": schema, **more}


def raw_image(raw, media_type="image/png"):
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": b64(raw)}}


def raw_pdf(raw):
    return {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": b64(raw)}}


def wide(depth=0, **properties):
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def with_tools(*tools, **more):
    return request(tools=list(tools), **more)


def round_trip(first, second, **more):
    return conversation(("user", "Weather?"), ("assistant", first), ("user", second), tools=WEATHER, **more)


HAIKU = "claude-haiku-4-5"

KINDS = {
    # pairing
    "a call without a result": (round_trip([CALL], "go on"), "tool_use_without_result", "/messages/1/content/0"),
    "one of two calls without a result": (
        round_trip([CALL, {**CALL, "id": "toolu_02"}], [RESULT]),
        "tool_use_without_result",
        "/messages/1/content/1",
    ),
    "a call at the very end": (
        conversation(("user", "a"), ("assistant", [CALL]), tools=WEATHER),
        "tool_use_without_result",
        "/messages/1/content/0",
    ),
    "a result behind text": (round_trip([CALL], [text(), RESULT]), "tool_use_without_result", "/messages/2/content/1"),
    "a result without a call": (
        request(content=[RESULT], tools=WEATHER),
        "tool_result_without_use",
        "/messages/0/content/0",
    ),
    "a result of a call further back": (
        conversation(("user", "a"), ("assistant", [CALL]), ("user", [RESULT]), ("assistant", "b"), ("user", [RESULT])),
        "tool_result_without_use",
        "/messages/4/content/0",
    ),
    "a result twice": (round_trip([CALL], [RESULT, RESULT]), "tool_result_without_use", "/messages/2/content/1"),
    "an id used twice": (
        conversation(
            ("user", "a"), ("assistant", [CALL]), ("user", [RESULT]), ("assistant", [CALL]), ("user", [RESULT])
        ),
        "tool_ids_not_unique",
        "/messages/3/content/0",
    ),
    "an id with a colon": (
        round_trip([{**CALL, "id": "Bash:12"}], [{**RESULT, "tool_use_id": "Bash:12"}]),
        "invalid_value",
        "/messages/1/content/0/id",
    ),
    "a server tool's id of another kind": (
        conversation(
            ("user", "a"),
            ("assistant", [{**SEARCH, "id": "toolu_9"}, {**FOUND, "tool_use_id": "toolu_9"}]),
            ("user", "b"),
        ),
        "invalid_value",
        "/messages/1/content/0/id",
    ),
    "a server tool without a result": (
        conversation(("user", "a"), ("assistant", [SEARCH, text()]), ("user", "b")),
        "server_tool_without_result",
        "/messages/1/content/0",
    ),
    "a server tool's result without a call": (
        conversation(("user", "a"), ("assistant", [FOUND, text()]), ("user", "b")),
        "server_tool_without_result",
        "/messages/1/content/0",
    ),
    "a call in a user message": (
        conversation(("user", [{**CALL}]), ("assistant", "b"), ("user", "c")),
        "invalid_value",
        "/messages/0/content/0",
    ),
    # conversation
    "no messages": ({**request(), "messages": []}, "invalid_value", "/messages"),
    "the assistant begins": (
        conversation(("assistant", "Hi"), ("user", "a")),
        "role_order",
        "/messages/0",
    ),
    "a system message first": (
        conversation(("system", "s"), ("user", "a")),
        "system_role_misplaced",
        "/messages/0",
    ),
    "a system message for an older model": (
        conversation(("user", "a"), ("system", "s"), model=HAIKU),
        "system_role_misplaced",
        "/messages/1",
    ),
    "a system message after the assistant's": (
        conversation(("user", "a"), ("assistant", "b"), ("system", "s")),
        "system_role_misplaced",
        "/messages/2",
    ),
    "a role of another vendor": (conversation(("user", "a"), ("tool", "b")), "invalid_value", "/messages/1/role"),
    "a prefill on a newer model": (
        conversation(("user", "a"), ("assistant", "{")),
        "prefill_not_supported",
        "/messages/1",
    ),
    "a prefill that ends in a space": (
        conversation(("user", "a"), ("assistant", "Answer: "), model=HAIKU),
        "trailing_whitespace",
        "/messages/1/content",
    ),
    "a prefill block that ends in a line break": (
        conversation(("user", "a"), ("assistant", [text("Answer:\n")]), model=HAIKU),
        "trailing_whitespace",
        "/messages/1/content/0/text",
    ),
    "an empty text block": (request(content=[text(""), text()]), "empty_content", "/messages/0/content/0/text"),
    "a block of white space": (request(content=[text("\n\t")]), "empty_content", "/messages/0/content/0/text"),
    "an empty message": (conversation(("user", "a"), ("assistant", ""), ("user", "b")), "empty_content", "/messages/1"),
    "a message without blocks": (
        conversation(("user", []), ("assistant", "b"), ("user", "c")),
        "empty_content",
        "/messages/0",
    ),
    "a system prompt of white space": (request(system=" \n"), "empty_content", "/system"),
    "an empty system block": (request(system=[text("")]), "empty_content", "/system/0/text"),
    # fields
    "no max_tokens": (without(request(), "max_tokens"), "missing_field", "/max_tokens"),
    "no messages field": (without(request(), "messages"), "missing_field", "/messages"),
    "no model": (without(request(), "model"), "missing_field", "/model"),
    "a call without an id": (round_trip([without(CALL, "id")], "x"), "missing_field", "/messages/1/content/0/id"),
    "a tool without a schema": (with_tools({"name": "a"}), "missing_field", "/tools/0/input_schema"),
    "a budget that is left out": (
        request(HAIKU, thinking={"type": "enabled"}),
        "missing_field",
        "/thinking/budget_tokens",
    ),
    "a signature that is left out": (
        conversation(("user", "a"), ("assistant", [without(THOUGHT, "signature"), text()]), ("user", "b")),
        "missing_field",
        "/messages/1/content/0/signature",
    ),
    "a parameter of another vendor": (
        request(response_format={"type": "json_object"}),
        "unknown_field",
        "/response_format",
    ),
    "a misspelt field": (request(stop_sequence=["a"]), "unknown_field", "/stop_sequence"),
    "an argument of the SDK": (request(betas=["a"]), "unknown_field", "/betas"),
    "a mark on a thinking block": (
        conversation(("user", "a"), ("assistant", [{**THOUGHT, "cache_control": EPHEMERAL}, text()]), ("user", "b")),
        "unknown_field",
        "/messages/1/content/0/cache_control",
    ),
    "an unknown field of a tool": (with_tools(tool(parameters={})), "unknown_field", "/tools/0/parameters"),
    "a number as text": (request(max_tokens="1024"), "invalid_value", "/max_tokens"),
    "an unknown kind of block": (
        request(content=[{"type": "input_text", "text": "x"}]),
        "invalid_value",
        "/messages/0/content/0/type",
    ),
    "an unknown display": (
        request(thinking={"type": "adaptive", "display": "full"}),
        "invalid_value",
        "/thinking/display",
    ),
    "an unknown effort": (request(output_config={"effort": "ultra"}), "invalid_value", "/output_config/effort"),
    "a system prompt that is null": (request(system=None), "invalid_value", "/system"),
    "an unknown lifetime": (
        request(content=[text(cache_control={"type": "ephemeral", "ttl": "2h"})]),
        "invalid_value",
        "/messages/0/content/0/cache_control/ttl",
    ),
    # values
    "a negative max_tokens": (request(max_tokens=-1), "invalid_value", "/max_tokens"),
    "a placeholder for top_p": (request(HAIKU, top_p=-1), "invalid_value", "/top_p"),
    "a temperature above one": (request(HAIKU, temperature=1.5), "invalid_value", "/temperature"),
    "a blank stop sequence": (request(stop_sequences=["a", "\n"]), "invalid_value", "/stop_sequences/1"),
    "a choice without tools": (request(tool_choice={"type": "any"}), "invalid_value", "/tool_choice"),
    "a choice of a tool that isn't there": (
        with_tools(tool(), tool_choice={"type": "tool", "name": "other"}),
        "invalid_value",
        "/tool_choice/name",
    ),
    "a toolset without its server": (
        with_tools({"type": "mcp_toolset", "mcp_server_name": "jira"}),
        "invalid_value",
        "/tools/0/mcp_server_name",
    ),
    "an image over plain http": (
        request(content=[{"type": "image", "source": {"type": "url", "url": "http://example.com/a.png"}}]),
        "invalid_value",
        "/messages/0/content/0/source/url",
    ),
    # thinking
    "a budget on a newer model": (
        request(max_tokens=4096, thinking=BUDGET),
        "thinking_mode_not_supported",
        "/thinking/type",
    ),
    "adaptive on an older model": (
        request(HAIKU, thinking={"type": "adaptive"}),
        "thinking_mode_not_supported",
        "/thinking/type",
    ),
    "off on a model that always thinks": (
        request("claude-opus-5-5", thinking={"type": "disabled"}),
        "thinking_mode_not_supported",
        "/thinking/type",
    ),
    "a budget above max_tokens": (
        request(HAIKU, thinking=BUDGET),
        "thinking_budget_invalid",
        "/thinking/budget_tokens",
    ),
    "a budget that is too small": (
        request(HAIKU, thinking={"type": "enabled", "budget_tokens": 500}),
        "thinking_budget_invalid",
        "/thinking/budget_tokens",
    ),
    "a tool loop without its thinking": (
        round_trip([text(), CALL], [RESULT], model=HAIKU, thinking=BUDGET),
        "thinking_block_missing",
        "/messages/1/content/0",
    ),
    "text before the thinking": (
        conversation(("user", "a"), ("assistant", [text(), THOUGHT]), ("user", "b"), model=HAIKU, thinking=BUDGET),
        "thinking_block_missing",
        "/messages/1/content/0",
    ),
    "a signature that is empty": (
        conversation(("user", "a"), ("assistant", [{**THOUGHT, "signature": ""}, text()]), ("user", "b")),
        "thinking_signature_invalid",
        "/messages/1/content/0/signature",
    ),
    "redacted thinking without data": (
        conversation(("user", "a"), ("assistant", [{"type": "redacted_thinking", "data": ""}, text()]), ("user", "b")),
        "thinking_signature_invalid",
        "/messages/1/content/0/data",
    ),
    "effort on a model without it": (
        request(HAIKU, output_config={"effort": "low"}),
        "effort_not_supported",
        "/output_config/effort",
    ),
    "a level the model lacks": (
        request("claude-opus-4-6", output_config={"effort": "xhigh"}),
        "effort_not_supported",
        "/output_config/effort",
    ),
    "a high level with thinking off": (
        request("claude-opus-5", output_config={"effort": "max"}, thinking={"type": "disabled"}),
        "effort_not_supported",
        "/output_config/effort",
    ),
    # parameters
    "temperature with top_p": (request(HAIKU, temperature=0.5, top_p=0.9), "parameter_conflict", "/top_p"),
    "temperature with thinking": (
        request(HAIKU, max_tokens=4096, thinking=BUDGET, temperature=0.5),
        "parameter_conflict",
        "/temperature",
    ),
    "top_k with thinking": (request(HAIKU, max_tokens=4096, thinking=BUDGET, top_k=5), "parameter_conflict", "/top_k"),
    "a forced tool with a budget": (
        with_tools(tool(), model=HAIKU, max_tokens=4096, thinking=BUDGET, tool_choice={"type": "any"}),
        "parameter_conflict",
        "/tool_choice/type",
    ),
    "allowed and blocked domains": (
        with_tools(
            {
                "type": "web_search_20260318",
                "name": "web_search",
                "allowed_domains": ["a.com"],
                "blocked_domains": ["b.com"],
            }
        ),
        "parameter_conflict",
        "/tools/0/blocked_domains",
    ),
    "temperature on a newer model": (request(temperature=0.2), "parameter_not_supported", "/temperature"),
    "top_k on a newer model": (request("claude-sonnet-5", top_k=3), "parameter_not_supported", "/top_k"),
    "a forced tool on a model without": (
        with_tools(tool(), model="claude-opus-5-5", tool_choice={"type": "tool", "name": "get_weather"}),
        "parameter_not_supported",
        "/tool_choice/type",
    ),
    "an older computer tool on a newer model": (
        with_tools(
            {"type": "computer_20251124", "name": "computer", "display_width_px": 1, "display_height_px": 1},
            model="claude-opus-5-5",
        ),
        "parameter_not_supported",
        "/tools/0/type",
    ),
    "fallbacks with a credit token": (
        request(fallbacks="default", fallback_credit_token="x"),
        "fallback_param_invalid",
        "/fallback_credit_token",
    ),
    "an advisor that can't advise": (
        with_tools(
            {"type": "advisor_20260301", "name": "advisor", "model": "claude-opus-4-8"}, model="claude-sonnet-5-5"
        ),
        "advisor_incompatible",
        "/tools/0/model",
    ),
    "a long answer without streaming": (request(max_tokens=21334), "streaming_required", "/max_tokens"),
    # models
    "a model that is misspelt": (request("claude-opus-4.8"), "model_not_found", "/model"),
    "a model id of Bedrock": (request("us.anthropic.claude-opus-4-8-v1:0"), "model_not_found", "/model"),
    "a model of another vendor": (request("gpt-9"), "model_not_found", "/model"),
    "a retired model": (request("claude-3-5-sonnet-20241022"), "model_retired", "/model"),
    "a retired fallback": (
        request(fallbacks=[{"model": "claude-3-haiku-20240307"}]),
        "model_retired",
        "/fallbacks/0/model",
    ),
    "more output than the model has": (
        request(HAIKU, max_tokens=64001, stream=True),
        "max_tokens_too_large",
        "/max_tokens",
    ),
    # tools
    "a tool name with a dot": (with_tools(tool("jira.search")), "tool_name_invalid", "/tools/0/name"),
    "a tool name that is too long": (with_tools(tool("a" * 129)), "tool_name_invalid", "/tools/0/name"),
    "an empty tool name": (with_tools(tool("")), "tool_name_invalid", "/tools/0/name"),
    "two tools of one name": (with_tools(tool(), tool()), "tool_names_not_unique", "/tools/1/name"),
    "all tools deferred": (with_tools(tool(defer_loading=True)), "all_tools_deferred", "/tools"),
    "anyOf at the top": (
        with_tools(tool(schema={**SCHEMA, "anyOf": [{}]})),
        "tool_schema_invalid",
        "/tools/0/input_schema/anyOf",
    ),
    "a schema without a type": (
        with_tools(tool(schema={"properties": {}})),
        "tool_schema_invalid",
        "/tools/0/input_schema/type",
    ),
    "a schema of a list": (
        with_tools(tool(schema={"type": "array", "items": {}})),
        "tool_schema_invalid",
        "/tools/0/input_schema/type",
    ),
    "a property with a dollar": (
        with_tools(tool(schema={"type": "object", "properties": {"$filter": {}}})),
        "tool_schema_invalid",
        "/tools/0/input_schema/properties/$filter",
    ),
    "required at a property": (
        with_tools(tool(schema={"type": "object", "properties": {"a": {"type": "string", "required": True}}})),
        "tool_schema_invalid",
        "/tools/0/input_schema/properties/a/required",
    ),
    "an unknown type": (
        with_tools(tool(schema={"type": "object", "properties": {"a": {"type": "str"}}})),
        "tool_schema_invalid",
        "/tools/0/input_schema/properties/a/type",
    ),
    "a reference into nowhere": (
        with_tools(tool(schema={"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}})),
        "tool_schema_invalid",
        "/tools/0/input_schema/properties/a/$ref",
    ),
    "a strict tool with an open object": (
        with_tools(tool(strict=True)),
        "strict_schema_unsupported",
        "/tools/0/input_schema/additionalProperties",
    ),
    "a strict bound": (
        with_tools(tool(strict=True, schema=wide(a={"type": "integer", "minimum": 0}))),
        "strict_schema_unsupported",
        "/tools/0/input_schema/properties/a/minimum",
    ),
    "a lookahead in the output's schema": (
        request(
            output_config={"format": {"type": "json_schema", "schema": wide(a={"type": "string", "pattern": "(?=a)b"})}}
        ),
        "strict_schema_unsupported",
        "/output_config/format/schema/properties/a/pattern",
    ),
    "a strict schema that refers to itself": (
        with_tools(tool(strict=True, schema=wide(a={"$ref": "#"}))),
        "strict_schema_unsupported",
        "/tools/0/input_schema/properties/a/$ref",
    ),
    "too many strict tools": (
        with_tools(*(tool(f"t{number}", STRICT, strict=True) for number in range(21))),
        "strict_schema_unsupported",
        "/tools/20/strict",
    ),
    "too many optional parameters": (
        with_tools(
            tool(strict=True, schema={**wide(**{f"p{n}": {"type": "string"} for n in range(25)}), "required": []})
        ),
        "strict_schema_unsupported",
        "/tools/0/input_schema",
    ),
    # caching
    "five cache marks": (
        request(system=[text(str(n), cache_control=EPHEMERAL) for n in range(5)]),
        "cache_control_limit",
        "/system/4/cache_control",
    ),
    "an hour after five minutes": (
        request(
            system=[text(cache_control=EPHEMERAL)], content=[text(cache_control={"type": "ephemeral", "ttl": "1h"})]
        ),
        "invalid_value",
        "/messages/0/content/0/cache_control/ttl",
    ),
    # media
    "a PNG that is called JPEG": (
        request(content=[raw_image(png(), "image/jpeg")]),
        "image_invalid",
        "/messages/0/content/0/source/media_type",
    ),
    "a kind of image that isn't taken": (
        request(content=[raw_image(b"\0\0\0\x18ftypheic", "image/heic")]),
        "image_invalid",
        None,
    ),
    "a web page as an image": (
        request(content=[raw_image(b"<!doctype html>")]),
        "image_invalid",
        "/messages/0/content/0/source/data",
    ),
    "an image cut off": (
        request(
            content=[
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": b64(png())[:-3]}}
            ]
        ),
        "image_invalid",
        "/messages/0/content/0/source/data",
    ),
    "an image with its data prefix": (
        request(
            content=[
                {
                    "type": "image",
                    "source": {
                        "type": "base64",
                        "media_type": "image/png",
                        "data": "data:image/png;base64," + b64(png()),
                    },
                }
            ]
        ),
        "image_invalid",
        "/messages/0/content/0/source/data",
    ),
    "an image inside a tool result": (
        round_trip([CALL], [{**RESULT, "content": [raw_image(png(), "image/gif")]}]),
        "image_invalid",
        "/messages/2/content/0/content/0/source/media_type",
    ),
    "an image of 8001 pixels": (
        request(content=[raw_image(png(8001, 10))]),
        "image_dimensions_too_large",
        "/messages/0/content/0/source/data",
    ),
    "an image of 2001 pixels among many": (
        request(content=[image()] * 20 + [raw_image(png(10, 2001))]),
        "image_dimensions_too_large",
        "/messages/0/content/20/source/data",
    ),
    "an image of 10 MB": (
        request(content=[raw_image(png() + b"\0" * 8_000_000)]),
        "image_too_large",
        "/messages/0/content/0/source/data",
    ),
    "101 images for a small window": (
        request(HAIKU, content=[image()] * 101),
        "too_many_images",
        "/messages/0/content/100",
    ),
    "images and pages together": (
        request(HAIKU, content=[*[image()] * 60, raw_pdf(pdf(60))]),
        "too_many_images",
        "/messages/0/content/60",
    ),
    "a text file as a PDF": (request(content=[raw_pdf(b"hello")]), "pdf_invalid", "/messages/0/content/0/source/data"),
    "an encrypted PDF": (
        request(content=[raw_pdf(pdf(extra=b" /Encrypt 5 0 R"))]),
        "pdf_invalid",
        "/messages/0/content/0/source/data",
    ),
    "a PDF of 101 pages for a small window": (
        request(HAIKU, content=[raw_pdf(pdf(101))]),
        "pdf_too_many_pages",
        "/messages/0/content/0/source/data",
    ),
    "PDFs of 700 pages together": (
        request(content=[document(), raw_pdf(pdf(350)), raw_pdf(pdf(349))]),
        "pdf_too_many_pages",
        "/messages/0/content/2/source/data",
    ),
    # sizes and stored parts
    "half an emoji": (request(content="cut \ud83d"), "invalid_unicode", "/messages/0/content"),
    "more words than the window has tokens": (request(HAIKU, content="a " * 200_001), "prompt_too_long", "/messages"),
    "a compaction in the middle": (
        conversation(
            ("user", "a"),
            ("assistant", [{"type": "compaction", "content": "s", "signature": SIGNATURE}]),
            ("user", "b"),
        ),
        "compaction_block_invalid",
        "/messages/1/content/0",
    ),
    "a masked encrypted result": (
        conversation(
            ("user", "a"),
            (
                "assistant",
                [
                    SEARCH,
                    {
                        **FOUND,
                        "content": [
                            {"type": "web_search_result", "title": "t", "url": "u", "encrypted_content": "***"}
                        ],
                    },
                ],
            ),
            ("user", "b"),
        ),
        "encrypted_content_invalid",
        "/messages/1/content/1/content/0/encrypted_content",
    ),
    "a run of system messages before the user's": (
        conversation(("user", "a"), ("system", "s"), ("system", "t"), ("user", "b")),
        "system_role_misplaced",
        "/messages/2",
    ),
    "an empty system message": (
        conversation(("user", "a"), ("system", [])),
        "empty_content",
        "/messages/1",
    ),
    "a system message of white space": (
        conversation(("user", "a"), ("system", "  ")),
        "empty_content",
        "/messages/1",
    ),
    "a system message without content": (
        {**request(), "messages": [{"role": "user", "content": "a"}, {"role": "system"}]},
        "missing_field",
        "/messages/1/content",
    ),
    "a run of empty user messages": (
        conversation(("user", "a"), ("assistant", "b"), ("user", []), ("user", "")),
        "empty_content",
        "/messages/2",
    ),
    "an image in a system message": (
        conversation(("user", "a"), ("system", [image()])),
        "invalid_value",
        None,
    ),
    "a container without code": (request(container="container_01"), "invalid_value", "/container"),
    "a model without a name": (request(""), "invalid_value", "/model"),
    "a server that no toolset names": (
        with_tools(
            {"type": "mcp_toolset", "mcp_server_name": "jira"},
            mcp_servers=[{"type": "url", "name": name, "url": "https://example.com"} for name in ("jira", "wiki")],
        ),
        "invalid_value",
        "/mcp_servers/1",
    ),
    "a result in an assistant message": (
        conversation(("user", "a"), ("assistant", [RESULT]), ("user", "b")),
        "invalid_value",
        "/messages/1/content/0",
    ),
    "a system message between a call and its result": (
        conversation(("user", "a"), ("assistant", [CALL]), ("system", "s"), ("user", [RESULT]), tools=WEATHER),
        "system_role_misplaced",
        "/messages/2",
    ),
    "a scope of the cache at a cloud": (
        {
            "anthropic_version": "bedrock-2023-05-31",
            **without(request(system=[text(cache_control=EPHEMERAL | {"scope": "global"})]), "model"),
        },
        "unknown_field",
        "/system/0/cache_control/scope",
    ),
}

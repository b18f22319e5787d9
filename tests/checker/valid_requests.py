"""Varied requests that the API takes, put together from the SDK's types and the forms of the documentation."""

from __future__ import annotations

import base64
import itertools
import struct
import zlib
from collections.abc import Iterator
from typing import Any

Request = dict[str, Any]


def png(width: int = 1, height: int = 1) -> bytes:
    """A PNG with the given size in its header."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def gif(width: int = 1, height: int = 1) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0\0\0\0\xff\xff\xff;"


def jpeg(width: int = 1, height: int = 1) -> bytes:
    app0 = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0\1\1\0\0\1\0\1\0\0"
    frame = b"\xff\xc0" + struct.pack(">HBHH", 11, 8, height, width) + b"\1\1\x11\0"
    return b"\xff\xd8" + app0 + frame + b"\xff\xd9"


def webp(width: int = 1, height: int = 1) -> bytes:
    body = (
        b"WEBPVP8X"
        + struct.pack("<I", 10)
        + b"\0\0\0\0"
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pdf(pages: int = 1, extra: bytes = b"") -> bytes:
    kids = b" ".join(b"%d 0 R" % (number + 3) for number in range(min(pages, 3)))
    tree = b"2 0 obj\n<< /Type /Pages /Kids [%s] /Count %d >>\nendobj\n" % (kids, pages)
    return (
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n" + tree + b"trailer\n<< /Root 1 0 R >>" + extra
    )


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


SIGNATURE = b64(b"a signature of some length, made for a test")
ENCRYPTED = b64(b"encrypted content of some length, made for a test")
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
STRICT = {**SCHEMA, "additionalProperties": False}
EPHEMERAL = {"type": "ephemeral"}


def image(kind: str = "png", **more: Any) -> Request:
    raw = {"png": png, "gif": gif, "jpeg": jpeg, "webp": webp}[kind]()
    return {"type": "image", "source": {"type": "base64", "media_type": f"image/{kind}", "data": b64(raw)}, **more}


def document(**more: Any) -> Request:
    source = {"type": "base64", "media_type": "application/pdf", "data": b64(pdf())}
    return {"type": "document", "source": source, **more}


def text(words: str = "Hello", **more: Any) -> Request:
    return {"type": "text", "text": words, **more}


def request(model: str = "claude-opus-4-8", content: Any = "Hello", **more: Any) -> Request:
    return {"model": model, "max_tokens": 1024, "messages": [{"role": "user", "content": content}]} | more


def conversation(*messages: tuple[str, Any], model: str = "claude-opus-4-8", **more: Any) -> Request:
    turns = [{"role": role, "content": content} for role, content in messages]
    return {"model": model, "max_tokens": 4096, "messages": turns, **more}


ADAPTIVE = [
    "claude-fable-5-1",
    "claude-opus-5-5",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-opus-4-8",
    "claude-opus-4-6",
]
BUDGET = ["claude-haiku-4-5", "claude-opus-4-5", "claude-sonnet-4-5-20250929", "claude-opus-4-6", "claude-sonnet-4-6"]
ALL = [*ADAPTIVE, "claude-haiku-4-5", "claude-haiku-5-5", "claude-sonnet-5-5", "claude-mythos-5-2", "claude-fable-5-2"]

BLOCKS: list[Any] = [
    [text()],
    [text(cache_control=EPHEMERAL)],
    [text(cache_control={"type": "ephemeral", "ttl": "1h"})],
    [text(cache_control=None, citations=None)],
    *[[image(kind), text("What is this?")] for kind in ("png", "gif", "jpeg", "webp")],
    [{"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}],
    [
        {
            "type": "image",
            "source": {"type": "file", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"},
            "cache_control": EPHEMERAL,
        }
    ],
    [document(title="Contract", context="The signed one", citations={"enabled": True}), text("Sum it up.")],
    [document(cache_control=EPHEMERAL)],
    [{"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}}],
    [{"type": "document", "source": {"type": "file", "file_id": "file_01"}, "title": None}],
    [{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Some words."}}],
    [{"type": "document", "source": {"type": "content", "content": "Some words."}}],
    [
        {
            "type": "document",
            "source": {"type": "content", "content": [text(), image()]},
            "citations": {"enabled": False},
        }
    ],
    [
        {
            "type": "search_result",
            "source": "https://example.com",
            "title": "A",
            "content": [text()],
            "citations": {"enabled": True},
        }
    ],
    [{"type": "container_upload", "file_id": "file_01"}, text()],
    [text("Zwölf Boxkämpfer jagen Viktor 👩‍🚀 über den großen Sylter Deich.")],
    [text("a" * 5000), text("\n\nsecond block")],
    [image() for _ in range(25)],
]

SERVER_TOOLS: list[Request] = [
    {"type": "web_search_20250305", "name": "web_search", "max_uses": 5, "allowed_domains": ["example.com"]},
    {
        "type": "web_search_20260209",
        "name": "web_search",
        "user_location": {
            "type": "approximate",
            "city": "Oslo",
            "country": "NO",
            "timezone": "Europe/Oslo",
            "region": None,
        },
    },
    {
        "type": "web_search_20260318",
        "name": "web_search",
        "blocked_domains": ["example.com"],
        "response_inclusion": "full",
    },
    {"type": "web_fetch_20250910", "name": "web_fetch", "citations": {"enabled": True}, "max_content_tokens": 1000},
    {"type": "web_fetch_20260318", "name": "web_fetch"},
    {"type": "code_execution_20250522", "name": "code_execution"},
    {"type": "code_execution_20250825", "name": "code_execution"},
    {"type": "code_execution_20260521", "name": "code_execution"},
    {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool", "max_characters": 10000},
    {"type": "text_editor_20250124", "name": "str_replace_editor"},
    {"type": "bash_20250124", "name": "bash", "cache_control": EPHEMERAL},
    {"type": "memory_20250818", "name": "memory"},
    {
        "type": "computer_20251124",
        "name": "computer",
        "display_width_px": 1024,
        "display_height_px": 768,
        "enable_zoom": True,
    },
    {"type": "computer_toolset_20260801", "configs": {"zoom": {"enabled": False}}},
    {"type": "browser_toolset_20260801"},
    {"type": "advisor_20260301", "name": "advisor", "model": "claude-opus-5", "max_uses": 2},
]

CUSTOM_TOOLS: list[list[Request]] = [
    [{"name": "get_weather", "input_schema": SCHEMA}],
    [
        {
            "type": "custom",
            "name": "get-weather_2",
            "description": "The weather.",
            "input_schema": SCHEMA,
            "cache_control": EPHEMERAL,
        }
    ],
    [{"name": "mcp__jira__search", "input_schema": {"type": "object"}}],
    [{"name": "strict", "strict": True, "input_schema": STRICT}],
    [{"name": "a" * 128, "input_schema": {"type": "object", "properties": {}, "required": []}}],
    [
        {
            "name": "with_examples",
            "input_schema": SCHEMA,
            "input_examples": [{"city": "Oslo"}],
            "allowed_callers": ["direct"],
        }
    ],
    [{"name": "eager", "input_schema": SCHEMA, "eager_input_streaming": True}],
    [
        {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"},
        {"name": "hidden", "input_schema": SCHEMA, "defer_loading": True},
    ],
    [
        {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"},
        {"name": "hidden", "input_schema": SCHEMA, "defer_loading": True},
    ],
    [
        {
            "name": "rich",
            "input_schema": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "object",
                "properties": {
                    "one": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
                    "many": {"type": "array", "items": {"$ref": "#/$defs/item"}, "minItems": 1, "uniqueItems": True},
                    "kind": {"enum": ["a", "b", None]},
                    "pattern": {"type": "string", "pattern": "^(?=a).*$", "format": "email", "minLength": 1},
                    "number": {"type": ["number", "null"], "minimum": 0, "exclusiveMaximum": 10, "multipleOf": 0.5},
                    "free": True,
                    "map": {"type": "object", "additionalProperties": {"type": "integer"}},
                },
                "$defs": {"item": {"type": "object", "properties": {"again": {"$ref": "#/$defs/item"}}}},
                "required": ["many"],
                "additionalProperties": False,
            },
        }
    ],
    [{"name": f"tool_{number}", "input_schema": SCHEMA} for number in range(200)],
]

PARAMETERS: list[Request] = [
    {"system": "Be brief."},
    {"system": [text("Be brief."), text("Be kind.", cache_control=EPHEMERAL)]},
    {"stop_sequences": ["END", "\n\nHuman:"]},
    {"stop_sequences": []},
    {"metadata": {"user_id": "13803d75-b4b5-4c3e-b2a2-6f21399b021b"}},
    {"metadata": {}},
    {"service_tier": "auto"},
    {"service_tier": "standard_only", "inference_geo": "us"},
    {"stream": True, "max_tokens": 32000},
    {"stream": False},
    {"max_tokens": 0},
    {"max_tokens": 21333},
    {"cache_control": EPHEMERAL},
    {"container": "container_01", "tools": [{"type": "code_execution_20250825", "name": "code_execution"}]},
    {"container": {"id": None, "skills": [{"type": "anthropic", "skill_id": "pptx", "version": "latest"}]}},
    {"diagnostics": {"previous_message_id": None}},
    {"speed": "fast"},
    {"output_config": {"format": {"type": "json_schema", "schema": STRICT}}},
    {"output_config": {"effort": None, "format": None}},
    {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}},
    {
        "context_management": {
            "edits": [
                {
                    "type": "clear_tool_uses_20250919",
                    "trigger": {"type": "input_tokens", "value": 30000},
                    "keep": {"type": "tool_uses", "value": 3},
                    "clear_at_least": {"type": "input_tokens", "value": 5000},
                    "exclude_tools": ["web_search"],
                },
                {"type": "clear_thinking_20251015", "keep": {"type": "thinking_turns", "value": 2}},
            ]
        }
    },
    {"context_management": {"edits": [{"type": "compact_20260112"}]}},
    {
        "mcp_servers": [
            {"type": "url", "name": "jira", "url": "https://mcp.example.com/sse", "authorization_token": "x"}
        ],
        "tools": [{"type": "mcp_toolset", "mcp_server_name": "jira"}],
    },
    {"fallbacks": [{"model": "claude-sonnet-5", "max_tokens": 2048}]},
    {"fallbacks": "default"},
]


def _basics() -> Iterator[Request]:
    for model, content in itertools.product(ALL[:3], BLOCKS):
        yield request(model, content)
    yield from (request(model) for model in ALL)
    yield from (request(**more) for more in PARAMETERS)
    yield {**request(), "messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}


def _tools() -> Iterator[Request]:
    yield from (request(tools=[tool]) for tool in SERVER_TOOLS)
    computer = {"type": "computer_20250124", "name": "computer", "display_width_px": 1024, "display_height_px": 768}
    yield request("claude-haiku-4-5", tools=[computer | {"display_number": 1}])
    yield from (request(tools=tools) for tools in CUSTOM_TOOLS)
    yield request(tools=[*SERVER_TOOLS[:1], SERVER_TOOLS[3], SERVER_TOOLS[5], *CUSTOM_TOOLS[0]])
    weather = CUSTOM_TOOLS[0]
    for choice in (
        {"type": "auto"},
        {"type": "any", "disable_parallel_tool_use": True},
        {"type": "tool", "name": "get_weather"},
        {"type": "none"},
    ):
        yield request(tools=weather, tool_choice=choice)
        yield request("claude-haiku-4-5", tools=weather, tool_choice=choice)


def _thinking() -> Iterator[Request]:
    for model in ADAPTIVE:
        yield request(model, thinking={"type": "adaptive"})
        yield request(model, thinking={"type": "adaptive", "display": "omitted"}, output_config={"effort": "max"})
    for model in BUDGET:
        yield request(
            model, max_tokens=4096, thinking={"type": "enabled", "budget_tokens": 1024, "display": "summarized"}
        )
        yield request(model, thinking={"type": "disabled"})
    for effort in ("low", "medium", "high", "xhigh", "max"):
        yield request("claude-opus-5", output_config={"effort": effort})
    for effort in ("low", "medium", "high"):
        yield request("claude-opus-4-5", output_config={"effort": effort})
        yield request("claude-opus-5", output_config={"effort": effort}, thinking={"type": "disabled"})
    yield request("claude-sonnet-5-5", thinking={"type": "between_tools"})
    yield request("claude-haiku-4-5", temperature=0.2)
    yield request("claude-haiku-4-5", top_p=0.9, top_k=40)
    yield request("claude-sonnet-4-6", temperature=1.0)
    yield request(
        "claude-haiku-4-5", temperature=1, max_tokens=4096, thinking={"type": "enabled", "budget_tokens": 1024}
    )
    yield request("claude-opus-4-8", temperature=1)


def _calls(first: list[Any], second: list[Any], **more: Any) -> Request:
    tools = more.pop("tools", CUSTOM_TOOLS[0])
    return conversation(("user", "Weather?"), ("assistant", first), ("user", second), tools=tools, **more)


def _call(number: int = 1, **more: Any) -> Request:
    return {"type": "tool_use", "id": f"toolu_0{number}", "name": "get_weather", "input": {"city": "Oslo"}, **more}


def _result(number: int = 1, **more: Any) -> Request:
    return {"type": "tool_result", "tool_use_id": f"toolu_0{number}", **more}


def _histories() -> Iterator[Request]:
    thought = {"type": "thinking", "thinking": "Let me see.", "signature": SIGNATURE}
    hidden = {"type": "thinking", "thinking": "", "signature": SIGNATURE}
    redacted = {"type": "redacted_thinking", "data": ENCRYPTED}
    budget = {"type": "enabled", "budget_tokens": 2048}
    contents: list[Any] = [
        {},
        {"content": "4 °C"},
        {"content": ""},
        {"content": []},
        {"content": [text("4 °C"), image()]},
        {"content": [document()], "is_error": False},
        {"content": "failed", "is_error": True, "cache_control": EPHEMERAL},
        {"content": [{"type": "tool_reference", "tool_name": "get_weather"}]},
        {"content": [{"type": "search_result", "source": "s", "title": "t", "content": [text()]}]},
    ]
    for content in contents:
        yield _calls([_call()], [_result(**content)])
        yield _calls([text("I look."), _call()], [_result(**content), text("And in Bergen?")])
    yield _calls([_call(1), _call(2)], [_result(2), _result(1)])
    yield _calls([_call(caller={"type": "direct"})], [_result()])
    for model in ("claude-haiku-4-5", "claude-sonnet-4-6"):
        for start in ([thought], [redacted], [thought, redacted], [thought, text("I look.")]):
            yield _calls([*start, _call()], [_result()], model=model, thinking=budget)
    yield _calls([hidden, _call()], [_result()], thinking={"type": "adaptive"})
    yield _calls([text("I look."), _call()], [_result()], thinking={"type": "adaptive"})
    yield conversation(("user", "a"), ("assistant", [thought, text("b")]), ("user", "c"), thinking={"type": "adaptive"})
    yield conversation(("user", "a"), ("assistant", "b"), ("user", "c"), model="claude-haiku-4-5", thinking=budget)
    two_rounds = [
        ("user", "Weather?"), ("assistant", [thought, _call(1)]), ("user", [_result(1)]),
        ("assistant", [_call(2)]), ("user", [_result(2)]),
    ]  # fmt: skip
    yield conversation(*two_rounds, model="claude-haiku-4-5", thinking=budget, tools=CUSTOM_TOOLS[0])
    split = [("user", "a"), ("assistant", "b"), ("assistant", [_call()]), ("user", [_result()]), ("user", "c")]
    yield conversation(*split, tools=CUSTOM_TOOLS[0])
    yield conversation(("user", "a"), ("assistant", "The answer is ("), model="claude-haiku-4-5")
    yield conversation(("user", "a"), ("assistant", ""), model="claude-haiku-4-5")
    yield conversation(("user", "a"), ("system", "Be brief from now on."))
    yield conversation(("user", "a"), ("system", [text("Be brief.")]), ("assistant", "b"), ("user", "c"))
    yield from _runs()
    yield from _server_histories()


def _runs() -> Iterator[Request]:
    """Neighbours of one role, which the API joins: what was seen to be accepted by it."""
    again = ("user", "b")
    for model in ("claude-sonnet-5", "claude-opus-4-8"):
        yield conversation(("user", "a"), ("system", "s"), ("system", "t"), model=model)
        yield conversation(("user", "a"), ("system", "s"), ("system", "t"), ("assistant", "b"), again, model=model)
        yield conversation(("user", []), ("user", "a"), model=model)
        yield conversation(("user", "a"), ("user", []), model=model)
        yield conversation(("user", "a"), ("assistant", "b"), ("user", ""), again, model=model)
        yield conversation(("user", "a"), ("assistant", []), model=model)
    directive = {"role": "system", "content": [], "output_config": {"effort": "low"}}
    yield {**request(), "messages": [{"role": "user", "content": "a"}, directive, {"role": "user", "content": "b"}]}


def _server_call(name: str, number: int = 1) -> Request:
    return {"type": "server_tool_use", "id": f"srvtoolu_0{number}", "name": name, "input": {"query": "x"}}


def _server_histories() -> Iterator[Request]:
    found = {
        "type": "web_search_result", "title": "t", "url": "https://example.com",
        "encrypted_content": ENCRYPTED, "page_age": None,
    }  # fmt: skip
    cited = {
        "type": "web_search_result_location", "cited_text": "c", "encrypted_index": ENCRYPTED, "title": "t",
        "url": "https://example.com",
    }  # fmt: skip
    results: list[tuple[str, Request]] = [
        ("web_search", {"type": "web_search_tool_result", "content": [found]}),
        (
            "web_search",
            {
                "type": "web_search_tool_result",
                "content": {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"},
            },
        ),
        (
            "web_fetch",
            {
                "type": "web_fetch_tool_result",
                "content": {"type": "web_fetch_tool_result_error", "error_code": "url_not_accessible"},
            },
        ),
        (
            "web_fetch",
            {
                "type": "web_fetch_tool_result",
                "content": {"type": "web_fetch_result", "url": "https://example.com", "content": document()},
            },
        ),
        (
            "code_execution",
            {
                "type": "code_execution_tool_result",
                "content": {
                    "type": "code_execution_result",
                    "stdout": "1",
                    "stderr": "",
                    "return_code": 0,
                    "content": [],
                },
            },
        ),
        (
            "bash_code_execution",
            {
                "type": "bash_code_execution_tool_result",
                "content": {
                    "type": "bash_code_execution_result",
                    "stdout": "",
                    "stderr": "",
                    "return_code": 0,
                    "content": [],
                },
            },
        ),
        (
            "text_editor_code_execution",
            {
                "type": "text_editor_code_execution_tool_result",
                "content": {"type": "text_editor_code_execution_create_result", "is_file_update": False},
            },
        ),
        (
            "tool_search_tool_regex",
            {
                "type": "tool_search_tool_result",
                "content": {
                    "type": "tool_search_tool_search_result",
                    "tool_references": [{"type": "tool_reference", "tool_name": "hidden"}],
                },
            },
        ),
    ]
    for name, result in results:
        turn = [text("Let me see."), _server_call(name), {**result, "tool_use_id": "srvtoolu_01"}, text("Done.")]
        yield conversation(("user", "a"), ("assistant", turn), ("user", "b"), tools=SERVER_TOOLS[:1])
    yield conversation(
        ("user", "a"),
        (
            "assistant",
            [_server_call("web_search"), {**results[0][1], "tool_use_id": "srvtoolu_01"}, text("b", citations=[cited])],
        ),
        ("user", "c"),
        tools=SERVER_TOOLS[:1],
    )
    yield conversation(("user", "a"), ("assistant", [_server_call("web_search")]), tools=SERVER_TOOLS[:1])
    advice = {
        "type": "advisor_tool_result",
        "tool_use_id": "srvtoolu_01",
        "content": {"type": "advisor_result", "text": "t"},
    }
    yield conversation(("user", "a"), ("assistant", [_server_call("advisor"), advice, text("b")]), ("user", "c"))
    mcp = {"type": "mcp_tool_use", "id": "mcptoolu_01", "name": "search", "server_name": "jira", "input": {}}
    back = {"type": "mcp_tool_result", "tool_use_id": "mcptoolu_01", "content": [text()], "is_error": False}
    yield conversation(("user", "a"), ("assistant", [mcp, back, text("b")]), ("user", "c"))
    own = [_server_call("code_execution"), _call(caller={"type": "code_execution_20250825", "tool_id": "srvtoolu_01"})]
    yield conversation(("user", "a"), ("assistant", own), ("user", [_result(content="1")]), tools=CUSTOM_TOOLS[0])
    compaction = {"type": "compaction", "content": "So far.", "signature": SIGNATURE}
    yield conversation(("assistant", [compaction]), ("user", "Go on."))
    older = {"type": "compaction", "content": "So far."}
    yield conversation(("user", "a"), ("assistant", [older, text("b")]), ("user", "c"))
    yield request(thread={"type": "continue", "previous_message_id": "msg_01"}, content=[_result()])
    fallback = {
        "type": "fallback",
        "from": {"model": "claude-fable-5"},
        "to": {"model": "claude-opus-5"},
        "trigger": None,
    }
    yield conversation(("user", "a"), ("assistant", [fallback, text("b")]), ("user", "c"))


def valid_requests() -> list[Request]:
    """Return all of them."""
    return [*_basics(), *_tools(), *_thinking(), *_histories()]

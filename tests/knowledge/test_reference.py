"""The reference against the installed SDK and against itself."""

from __future__ import annotations

import builtins
import importlib.util
import inspect
import pkgutil
import shutil
import warnings
from pathlib import Path
from typing import get_args

import anthropic
import httpx2
import pytest
from anthropic import _error_classes
from anthropic.types.shared import ErrorType as SdkErrorType

from triage.knowledge import KnowledgeError, load
from triage.knowledge.facts import load_facts
from triage.knowledge.loader import HERE
from triage.knowledge.reference import Reference, load_reference, load_reference_from

NEED_A_PACKAGE = {"anthropic.lib.tools.mcp"}
"""Modules that can't be imported without an optional package; their classes are looked up in the source."""


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference()


@pytest.fixture(scope="module")
def sdk_exceptions() -> dict[str, type[BaseException]]:
    """Every exception class that the installed SDK defines, by name; private and vendored ones left out."""
    found: dict[str, type[BaseException]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in pkgutil.walk_packages(anthropic.__path__, "anthropic."):
            if "_vendor" in module.name or module.name in NEED_A_PACKAGE:
                continue
            for name, each in vars(importlib.import_module(module.name)).items():
                if not (inspect.isclass(each) and issubclass(each, BaseException)):
                    continue
                if each.__module__.split(".")[0] == "anthropic" and each.__name__ == name and not name.startswith("_"):
                    found[name] = each
    return found


def test_each_exception_class_of_the_sdk_has_an_entry(
    reference: Reference, sdk_exceptions: dict[str, type[BaseException]]
) -> None:
    assert len(sdk_exceptions) > 150
    assert sorted(set(sdk_exceptions) - set(reference.exceptions)) == []


def test_no_entry_names_a_class_that_the_sdk_lacks(
    reference: Reference, sdk_exceptions: dict[str, type[BaseException]]
) -> None:
    written = {name for name, each in reference.exceptions.items() if each.sdk == "python"}
    without_module = {
        name for name in written - set(sdk_exceptions) if reference.exceptions[name].module in NEED_A_PACKAGE
    }
    assert sorted(written - set(sdk_exceptions) - without_module) == []
    for name in without_module:
        spec = importlib.util.find_spec(reference.exceptions[name].module)
        assert spec is not None
        assert spec.origin is not None
        assert f"class {name}(" in Path(spec.origin).read_text(encoding="utf-8")


def test_bases_and_modules_are_the_sdks_own(
    reference: Reference, sdk_exceptions: dict[str, type[BaseException]]
) -> None:
    for name, each in sdk_exceptions.items():
        entry = reference.exceptions[name]
        assert entry.base in {base.__name__ for base in each.__bases__}, name
        assert getattr(importlib.import_module(entry.module), name) is each, name


def test_statuses_and_codes_are_those_of_the_sdks_table(reference: Reference) -> None:
    for (status, code), each in _error_classes.ERROR_CLASSES.items():
        entry = reference.exceptions[each.__name__]
        assert (entry.status, entry.error_code) == (status, code)


def test_each_former_name_leads_to_its_class(reference: Reference) -> None:
    former = {
        name: each.__name__
        for name, each in vars(anthropic).items()
        if inspect.isclass(each) and issubclass(each, BaseException) and each.__name__ != name
    }
    assert former == {"RequestTooLargeError": "ContentTooLargeError", "DeadlineExceededError": "GatewayTimeoutError"}
    for name, today in former.items():
        entry = reference.exception(name)
        assert entry is not None
        assert entry.name == today


def test_the_sdk_retries_what_the_entries_say(reference: Reference) -> None:
    client = anthropic.Anthropic(api_key="test")
    for (status, _), each in _error_classes.ERROR_CLASSES.items():
        answer = httpx2.Response(status, request=httpx2.Request("POST", "https://api.anthropic.com/v1/messages"))
        assert client._should_retry(answer) is reference.exceptions[each.__name__].retried, each.__name__
    client.close()


def test_each_error_type_of_the_sdk_and_of_the_codes_has_an_entry(reference: Reference) -> None:
    listed = set(get_args(SdkErrorType))
    assert listed == {slug for slug, each in reference.types.items() if "sdk" in each.named_by}
    of_codes = {each for code in load().codes.values() for each in code.types}
    assert of_codes <= set(reference.types)


def test_a_type_comes_with_statuses_that_have_a_page(reference: Reference) -> None:
    known = {code.status for code in load().codes.values()} | {412, 422}
    for slug, each in reference.types.items():
        assert set(each.statuses) <= known, slug
        assert each.causes[0] in load().causes


def test_every_error_code_leads_to_one_cause(reference: Reference) -> None:
    codes = {code for _, code in _error_classes.ERROR_CLASSES if code}
    assert len(codes) == 100
    assert codes == set(load().cause_of_error_code)
    by_code = {each.error_code: each for each in reference.exceptions.values() if each.error_code}
    assert {code: each.causes[0] for code, each in by_code.items()} == {
        code: load().cause_of_error_code[code].slug for code in codes
    }


def test_a_line_of_bases_ends_at_the_common_one(reference: Reference) -> None:
    names = [each.name for each in reference.lineage(reference.exceptions["OverloadedError"])]
    assert names == ["InternalServerError", "APIStatusError", "APIError", "AnthropicError"]
    assert hasattr(builtins, reference.exceptions["AnthropicError"].base)
    assert {each.name for each in reference.children("APIConnectionError")} == {"APITimeoutError"}


def test_the_practices_correct_what_guides_get_wrong(reference: Reference) -> None:
    assert sum(len(each.outdated) for each in reference.practices.values()) >= 17
    assert {each.chapter for each in reference.practices.values()} == {"retrying", "reading", "sending", "watching"}
    assert any(each.state == "not_yet" for each in reference.practices.values())


def test_python_lines_of_practices_and_ways_out_parse(reference: Reference) -> None:
    snippets = [s for each in (*reference.practices.values(), *reference.topics.values()) for s in each.snippets]
    snippets += [s for cause in load().causes.values() for way in cause.way_out for s in way.snippets]
    lines = [s.code for s in snippets if s.language == "python"]
    assert len(lines) > 30
    for code in lines:
        whole = "try:\n    pass\n" + code if code.startswith("except") else code
        indented = "\n".join("    " + line for line in whole.splitlines())
        compile("async def shown():\n" + indented, "<snippet>", "exec")  # may hold await and return


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("- slug: x\n", "types.yaml: x: title: Field required"),
        ("{}\n", "types.yaml: has to be a list"),
    ],
)
def test_a_wrong_file_is_named_with_entry_and_field(tmp_path: Path, wrong: str, words: str) -> None:
    for name in ("types", "exceptions", "code_exceptions", "practices", "topics"):
        shutil.copy(HERE / f"{name}.yaml", tmp_path)
    (tmp_path / "types.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=words):
        load_reference_from(tmp_path, load())


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (
            "types",
            "    - prompt_too_long\n",
            "    - no_such_cause\n",
            "types.yaml: invalid_request_error: causes: no cause",
        ),
        ("exceptions", "base: APIError\n", "base: Nonsense\n", "base: no class Nonsense"),
        ("exceptions", 'code: "401"', 'code: "999"', "AuthenticationError: code: no code 999"),
        ("code_exceptions", "status: 402", "status: 451", "status: no class for 451"),
        ("code_exceptions", "error_code: scan_failed", "error_code: scan_lost", "error_code: leads to no cause"),
        ("topics", "    - body_bytes\n", "    - body_bits\n", "topics.yaml: sizes: limits: no limit body_bits"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(tmp_path: Path, file: str, old: str, new: str, words: str) -> None:
    for name in ("types", "exceptions", "code_exceptions", "practices", "topics"):
        shutil.copy(HERE / f"{name}.yaml", tmp_path)
    path = tmp_path / f"{file}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=words):
        load_reference_from(tmp_path, load())


def test_the_numbers_of_the_topics_are_those_of_the_limits(reference: Reference) -> None:
    shown = {slug for each in reference.topics.values() for slug in each.limits}
    assert {"body_bytes", "nonstreaming_tokens"} <= shown <= set(load_facts().limits)
    largest = load_facts().limits["nonstreaming_tokens"].value
    assert largest is not None
    rows = {fact.name: fact.value for fact in reference.topics["long_requests"].facts}
    assert f"{largest:,}" in rows["longest without a stream"]

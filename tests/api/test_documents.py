"""The OpenAPI document keeps its word: examples fit, and what the guards refuse stands in it."""

from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from schemas.problem import ProblemCode
from service.api.app import ROUTERS, documents
from service.api.problems import MEDIA_TYPE, RETRIED, STATUS
from service.api.response_examples import answers, as_json
from service.audit import proofs

OPENAPI, _ = documents()
OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    operation["operationId"]: (method, operation)
    for methods in OPENAPI["paths"].values()
    for method, operation in methods.items()
}
MODELS = {
    route.operation_id: route.response_model
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and route.include_in_schema
}


def json_answers() -> Iterator[tuple[str, dict[str, Any]]]:
    """operation_id and content of every answer of success that is JSON."""
    for name, (_, operation) in OPERATIONS.items():
        for status, said in operation["responses"].items():
            if status.startswith("2") and "application/json" in said.get("content", {}):
                yield name, said["content"]["application/json"]


JSON_ANSWERS = dict(json_answers())


def problems_of(operation: dict[str, Any], status: int) -> set[str]:
    said = operation["responses"].get(str(status), {"content": {MEDIA_TYPE: {"examples": {}}}})
    return set(said["content"][MEDIA_TYPE]["examples"])


# ── examples ────────────────────────────────────────────────────────────────────────────────


def test_every_json_answer_has_an_example_and_no_example_is_of_nothing() -> None:
    without = {name for name, content in JSON_ANSWERS.items() if not content.get("examples")}
    assert without == set()
    assert set(JSON_ANSWERS) == set(answers())
    bare = set(OPERATIONS) - set(JSON_ANSWERS)
    assert bare == {
        *("export_lot", "get_checkpoint", "get_log_vkey", "record_refund", "sign_out"),
        *("get_document", "get_kept_document"),
        *("get_witness_policy", "get_timestamp_authorities"),
    }


@pytest.mark.parametrize("name", sorted(JSON_ANSWERS))
def test_an_example_of_an_answer_fits_its_model_and_its_schema(name: str) -> None:
    for example in JSON_ANSWERS[name]["examples"].values():
        read = TypeAdapter(MODELS[name]).validate_python(example["value"], strict=False)
        assert as_json(read) == example["value"], "nothing is lost on the way"
        schema = {**JSON_ANSWERS[name]["schema"], "components": OPENAPI["components"]}
        jsonschema.Draft202012Validator(schema).validate(example["value"])


def test_the_receipt_of_the_examples_has_the_form_of_a_proof() -> None:
    receipt = JSON_ANSWERS["get_bid"]["examples"]["example"]["value"]
    assert proofs.parse(receipt["proof"]).index == receipt["seq"]


# ── what the guards refuse ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_write_names_the_refusals_of_the_guards(name: str) -> None:
    method, operation = OPERATIONS[name]
    writes = method != "get"
    assert ("origin_refused" in problems_of(operation, 403)) is writes
    assert ("too_large" in problems_of(operation, 413)) is writes
    reads_json = "requestBody" in operation and name != "bank_notice"
    assert ("unsupported_media_type" in problems_of(operation, 415)) is reads_json


def test_the_examples_of_problems_are_problems_of_their_status() -> None:
    for _, operation in OPERATIONS.values():
        for status, said in operation["responses"].items():
            for code, example in (
                said.get("content", {}).get(MEDIA_TYPE, {"examples": {}})["examples"].items()
            ):
                assert (example["value"]["code"], example["value"]["status"]) == (code, int(status))
                assert STATUS[ProblemCode(code)] == int(status)
                assert code in said["description"]


def test_answers_that_time_mends_promise_a_retry_after() -> None:
    for _, operation in OPERATIONS.values():
        for status, said in operation["responses"].items():
            retried = bool(problems_of(operation, int(status)) & RETRIED) if status > "4" else False
            assert ("Retry-After" in said.get("headers", {})) is retried

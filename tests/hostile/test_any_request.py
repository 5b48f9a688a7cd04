"""Every door of the OpenAPI document, asked with what its schema allows and with what it does not,
by strangers and by everyone who may sign in: none answers 5xx, and every refusal has a name.
"""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import openapi
from schemathesis.generation.modes import GenerationMode

from schemas.problem import ProblemCode
from service.api.app import documents
from tests.hostile.site import ROLES, Site

EXAMPLES = 8
"""For each door and each of the two kinds of input."""
SCHEMA = openapi.from_dict(documents()[0])
DOORS = {door.label: door for door in (found.ok() for found in SCHEMA.get_all_operations())}
CODES = {code.value for code in ProblemCode}
TIME_MENDS = {ProblemCode.CLOCK_UNSURE.value, ProblemCode.BUSY.value}
"""What a very busy machine may say with 503; it is no fault."""


@pytest.mark.parametrize("label", DOORS)
async def test_no_door_breaks_whoever_asks_whatever(site: Site, label: str) -> None:
    await asyncio.to_thread(ask, site, DOORS[label])


def ask(site: Site, door: Any) -> None:
    # A signed-out session would leave the rest of the test to strangers.
    who = [None] if door.label.startswith("DELETE /api/session") else [None, *ROLES]
    session = requests.Session()
    session.trust_env = False

    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @given(case=door.as_strategy(generation_mode=mode), role=st.sampled_from(who))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def each(case: Any, role: str | None) -> None:
            headers = {} if role is None else {"Cookie": site.officials[role]}
            session.cookies.clear()
            answer = case.call(base_url=site.base_url, session=session, headers=headers)
            check(answer, f"{door.label} by {role}")

        with suppress(Unsatisfiable):  # a door without input takes nothing wrong
            each()


def check(answer: Any, what: str) -> None:
    if answer.status_code < 400:
        return
    said = json.loads(answer.content)
    assert said["code"] in CODES, what
    assert answer.status_code < 500 or said["code"] in TIME_MENDS, (what, said)

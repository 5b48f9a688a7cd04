"""What the pages load: from us alone, nothing inline, and little of it.

That no page asks another origin and no browser complains is looked at after every test of this
folder: see `visits`.
"""

import asyncio
import gzip
import re

import pytest
from playwright.async_api import Response, expect

from tests.browser.conftest import NewName, Visits
from tests.browser.hall import enter
from tests.browser.sales import announce, wan
from tests.story.site import Site

pytestmark = pytest.mark.browser

SCRIPT_KIB = 60
PATHS = ("/", "/sign-in", "/lots/nowhere/live", "/office", "/api/docs", "/api/lots")


async def test_no_answer_allows_anything_inline_or_foreign(site: Site, visits: Visits) -> None:
    stranger = await visits()
    for path in PATHS:
        answer = await stranger.page.context.request.get(site.base_url + path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "script-src 'self'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        for hole in ("unsafe-inline", "unsafe-eval", "http://", "https://", "*"):
            assert hole not in policy, path


async def test_the_hall_stands_on_sixty_kib_of_script(
    site: Site, visits: Visits, new_name: NewName
) -> None:
    """Counted over what a browser with an empty cache asks for until the first bid button."""
    lot_id = new_name("weight")
    rules = await announce(site, lot_id, lasts_s=60)
    person = await visits()
    await enter(site, person, new_name("light"), lot_id)
    context = person.page.context
    wire = await context.new_cdp_session(person.page)
    await wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    scripts: dict[str, Response] = {}

    def keep(response: Response) -> None:
        if response.request.resource_type == "script":
            scripts[response.url] = response

    person.page.on("response", keep)
    await person.open(f"/lots/{lot_id}/live")
    button = f"确认出价 {wan(rules['starting_price_fen'])} 万元"
    await expect(person.page.get_by_role("button", name=button)).to_be_enabled()
    assert len(scripts) > 1
    bodies = await asyncio.gather(*(response.body() for response in scripts.values()))
    sizes = {
        re.sub(".*/", "", url): len(gzip.compress(body, 9))
        for url, body in zip(scripts, bodies, strict=True)
    }
    assert sum(sizes.values()) <= SCRIPT_KIB * 1024, sizes

"""People at a screen: what they see and press, on a desk or in the hand."""

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from tests.story.site import PASSWORD

DESK: dict[str, Any] = {"viewport": {"width": 1366, "height": 768}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
ABROAD: dict[str, Any] = {"locale": "zh-CN", "timezone_id": "America/New_York"}
"""Every screen says 北京时间, wherever the PC believes to be."""

WHO_AM_I = "/api/me"
"""The one door that a page asks without knowing whether it may: a stranger's 401 is its answer."""


@dataclass
class Witness:
    """Everything a browser asked for and complained about, for the end of each test."""

    origin: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def foreign(self) -> list[str]:
        own = (self.origin, "data:", "blob:")
        return [url for url in self.requests if not url.startswith(own)]

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        where = message.location.get("url", "")
        if where == self.origin + WHO_AM_I and "401" in message.text:
            return
        self.complaints.append(f"{message.text} ({where})")


@dataclass
class Visitor:
    """One person with one page. `base_url` is where his browser finds the site."""

    page: Page
    base_url: str
    witness: Witness
    touch: bool = False

    async def open(self, path: str) -> None:
        await self.page.goto(self.base_url + path)

    async def press(self, what: Locator) -> None:
        """With the finger on a phone, with the mouse at a desk."""
        await (what.tap() if self.touch else what.click())

    async def press_button(self, words: str | re.Pattern[str]) -> None:
        await self.press(self.page.get_by_role("button", name=words))

    async def follow(self, words: str | re.Pattern[str]) -> None:
        await self.press(self.page.get_by_role("link", name=words))

    async def fill(self, label: str, text: str) -> None:
        await self.page.get_by_label(label, exact=True).fill(text)

    async def sees(self, words: str | re.Pattern[str]) -> None:
        await expect(self.page.get_by_text(words).locator("visible=true").first).to_be_visible()

    async def sees_not(self, words: str | re.Pattern[str]) -> None:
        await expect(self.page.get_by_text(words).locator("visible=true")).to_have_count(0)

    async def sign_in(self, username: str, password: str = PASSWORD) -> None:
        await self.open("/sign-in")
        await self.fill("用户名", username)
        await self.fill("密码", password)
        await self.press_button("登录")

    async def becomes(self, cookie: str) -> None:
        """Takes over a session made at the doors; the pages that make one have their own test."""
        name, value = cookie.split("=", 1)
        await self.page.context.add_cookies([{"name": name, "value": value, "url": self.base_url}])

"""The client's files: one page for its own paths, long caching for hashed names, nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.api import static
from tests.desk.world import OfficeWorld, code


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package folder in place of ours; nothing is built in it yet."""
    static._file.cache_clear()
    monkeypatch.setattr(static, "files", lambda _: tmp_path)
    (tmp_path / "settings.py").write_text("not for browsers")
    yield tmp_path
    static._file.cache_clear()


@pytest.fixture
def built(package: Path) -> Path:
    assets = package / "web_dist" / "assets"
    assets.mkdir(parents=True)
    (package / "web_dist" / "index.html").write_text("<!doctype html><p>client</p>")
    (package / "web_dist" / "icon.svg").write_text("<svg/>")
    (assets / "index-B7f3k2Qx.js").write_text("1")
    return package


@pytest.mark.parametrize("path", ["/", "/lots/lot-one/live", "/sign-in", "/office/drafts/x"])
async def test_the_clients_own_paths_are_its_one_page(
    office: OfficeWorld, built: Path, path: str
) -> None:
    page = await office.stranger().http.get(path)
    assert (page.status_code, page.text) == (200, "<!doctype html><p>client</p>")
    assert page.headers["cache-control"] == "no-cache"


async def test_hashed_files_are_kept_for_ever_and_others_asked_for_again(
    office: OfficeWorld, built: Path
) -> None:
    script = await office.stranger().http.get("/assets/index-B7f3k2Qx.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    icon = await office.stranger().http.get("/icon.svg")
    assert icon.headers["cache-control"] == "no-cache"
    assert code(await office.stranger().http.get("/assets/index-OldHash1.js")) == "not_found"


@pytest.mark.parametrize(
    "path", ["/../settings.py", "/%2e%2e/settings.py", "/assets/../../settings.py", "/.env", "//x"]
)
async def test_no_path_leads_out_of_the_built_client(
    office: OfficeWorld, built: Path, path: str
) -> None:
    answer = await office.stranger().http.get(path)
    assert "not for browsers" not in answer.text


async def test_a_missing_build_is_one_clear_sentence(office: OfficeWorld, package: Path) -> None:
    page = await office.stranger().http.get("/")
    assert page.status_code == 503
    assert "SKIP_WEB" in page.text

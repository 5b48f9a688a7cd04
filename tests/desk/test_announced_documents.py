"""Announced documents: kept by their hash for good, read by all once announced, never before."""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import asyncpg
import httpx2
import pytest

from service.api import documents as doors
from service.audit.pack import DOCUMENTS
from service.audit.verifier import verify_pack
from service.desk import evidence
from service.desk.documents import DOCX, JPEG, PDF, PNG, TEXT, XLSX
from service.rules.refusals import Refusal
from service.rules.terms import Document
from service.store.documents import Kept
from tests.audit.forgers import unpack
from tests.desk.world import SETTINGS, OfficeWorld, Person, code, draft
from tests.live.world import KEY, SITE
from tests.rules.sale import supplement

NOTICE = "国有建设用地使用权出让公告\n容积率 1.0–2.0\n".encode()
LIMIT = SETTINGS.document_bytes


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def office_file(folder: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(f"{folder}/document.xml", "<a/>")
    return out.getvalue()


GOOD = {
    PDF: b"%PDF-1.7\n%%EOF",
    PNG: b"\x89PNG\r\n\x1a\n" + bytes(8),
    JPEG: b"\xff\xd8\xff\xe0" + bytes(8),
    TEXT: NOTICE,
    DOCX: office_file("word"),
    XLSX: office_file("xl"),
}


async def put(
    person: Person, content: Any, media: str = TEXT, named: str | None = None
) -> httpx2.Response:
    path = f"/api/office/documents/{named or sha(content)}"
    return await person.http.put(path, content=content, headers={"Content-Type": media})


async def keep(office: OfficeWorld, content: bytes, media: str = TEXT) -> str:
    """Keeps it through the door; returns its hash."""
    kept = await put(office["publisher"], content, media)
    assert kept.status_code == 200, kept.text
    return sha(content)


def naming(*named: tuple[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "sha256": sha256} for name, sha256 in named]


async def listed(office: OfficeWorld, lot_id: str = "lot-one") -> list[dict[str, Any]]:
    answer = await office.stranger().get(f"/lots/{lot_id}/documents")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


# ── keeping ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("media", GOOD)
async def test_each_type_is_kept_by_its_hash_and_the_same_again_is_the_same(
    office: OfficeWorld, media: str
) -> None:
    content = GOOD[media]
    before = len(await office.house("record_action"))
    first = await put(office["publisher"], content, f"{media}; charset=utf-8")
    assert first.status_code == 200, first.text
    shown = first.json()
    assert (shown["sha256"], shown["media_type"], shown["size"]) == (
        *(sha(content), media),
        len(content),
    )
    office.jump(5_000)
    again = await put(office["publisher"], content, media)
    assert again.json() == shown
    [told] = (await office.house("record_action"))[before:]
    assert (told["action"], told["subject"]) == ("KEEP_DOCUMENT", f"document/{sha(content)}")
    assert told["requester"].startswith("publisher-")


@pytest.mark.parametrize(
    ("content", "media", "problem", "reason"),
    [
        (b"<svg/>", "image/svg+xml", "unsupported_media_type", "DOCUMENT_TYPE_NOT_TAKEN"),
        (b"<p>", "text/html", "unsupported_media_type", "DOCUMENT_TYPE_NOT_TAKEN"),
        (b"", TEXT, "malformed", "DOCUMENT_EMPTY"),
        (NOTICE, PDF, "unsupported_media_type", "DOCUMENT_NOT_OF_TYPE"),
        (GOOD[PDF], PNG, "unsupported_media_type", "DOCUMENT_NOT_OF_TYPE"),
        (GOOD[PNG], JPEG, "unsupported_media_type", "DOCUMENT_NOT_OF_TYPE"),
        (GOOD[DOCX], XLSX, "unsupported_media_type", "DOCUMENT_NOT_OF_TYPE"),
        (b"PK\x03\x04 word/", DOCX, "unsupported_media_type", "DOCUMENT_NOT_OF_TYPE"),
        (b"MZ\x00\x01", TEXT, "unsupported_media_type", "DOCUMENT_NOT_OF_TYPE"),
        ("公告".encode("gb18030"), TEXT, "unsupported_media_type", "DOCUMENT_NOT_OF_TYPE"),
        (b"a\x1b[31m", TEXT, "unsupported_media_type", "DOCUMENT_NOT_OF_TYPE"),
    ],
)
async def test_what_is_no_document_is_refused_by_name(
    office: OfficeWorld, content: bytes, media: str, problem: str, reason: str
) -> None:
    refused = await put(office["publisher"], content, media)
    assert (code(refused), refused.json()["reason"]) == (problem, reason)
    assert await office.house("record_action") == [
        each for each in await office.house("record_action") if each["action"] != "KEEP_DOCUMENT"
    ]


async def test_bytes_of_another_hash_are_refused_with_their_own(office: OfficeWorld) -> None:
    refused = await put(office["publisher"], NOTICE, named=sha(b"another"))
    assert (code(refused), refused.json()["reason"]) == ("malformed", "DOCUMENT_HASH_DIFFERS")
    assert sha(NOTICE) in refused.json()["errors"][0]["message"]
    shouted = await put(office["publisher"], NOTICE, named=sha(NOTICE).upper())
    assert code(shouted) == "malformed"


async def test_a_document_may_be_as_large_as_the_bound_and_no_larger(office: OfficeWorld) -> None:
    full = b"a" * LIMIT
    assert (await put(office["publisher"], full)).status_code == 200
    refused = await put(office["publisher"], full + b"a")
    assert code(refused) == "too_large"
    assert refused.json()["figures"] == {"limit_bytes": LIMIT}


class Pipe:
    """A chunked body that knows how much of it was read."""

    def __init__(self, size: int) -> None:
        self.left, self.read = size, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.left:
            piece = min(self.left, 65_536)
            self.left -= piece
            self.read += piece
            yield b"a" * piece


async def test_a_chunked_document_above_the_bound_is_cut_off_there(office: OfficeWorld) -> None:
    pipe = Pipe(2 * LIMIT)
    refused = await put(office["publisher"], pipe, named="ab" * 32)
    assert code(refused) == "too_large"
    assert pipe.read <= LIMIT + 2 * 65_536


async def test_nothing_is_read_of_who_may_not_keep_documents(office: OfficeWorld) -> None:
    """Else anyone could have the service hold ten megabytes for each request."""
    for person, problem in (
        (office.stranger(), "not_signed_in"),
        (office["approver"], "not_allowed"),
    ):
        pipe = Pipe(LIMIT)
        assert code(await put(person, pipe, named="ab" * 32)) == problem
        assert pipe.read == 0


async def test_every_other_door_keeps_its_smaller_bound(office: OfficeWorld) -> None:
    big = b" " * (SETTINGS.body_bytes + 1)
    for method, path in (
        ("POST", f"/api/office/documents/{'ab' * 32}"),
        ("PUT", "/api/office/drafts/lot-one"),
        ("PUT", "/api/office/documents"),
    ):
        assert (
            code(await office["publisher"].http.request(method, path, content=big)) == "too_large"
        )


# ── reading ─────────────────────────────────────────────────────────────────────────────────


async def test_an_announced_document_is_a_file_for_everyone(
    office: OfficeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "PIECE_BYTES", 7)  # many pieces, and a short one at the end
    named = await keep(office, NOTICE)
    await office.publish_lot(documents=naming(("出让公告 (一).txt", named)))
    path = f"/lots/lot-one/documents/{named}"
    assert await listed(office) == [
        {
            "name": "出让公告 (一).txt",
            "sha256": named,
            "version": 1,
            "kept": True,
            "size": len(NOTICE),
            "media_type": TEXT,
        }
    ]
    read = await office.stranger().get(path)
    assert read.content == NOTICE
    headers = read.headers
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["content-length"] == str(len(NOTICE))
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    attachment, plain, full = headers["content-disposition"].split("; ")
    assert (attachment, plain) == ("attachment", f'filename="{named[:16]}.txt"')
    assert unquote(full.removeprefix("filename*=UTF-8''")) == "出让公告 (一).txt"
    known = await office.stranger().get(path, headers={"If-None-Match": headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert (await office.stranger().http.head(f"/api{path}")).headers == read.headers


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("公告", "公告.txt"),
        ("公告.exe", "公告.exe.txt"),
        ("../../etc/passwd", "etcpasswd.txt"),
        ("a\u202etxt.exe", "atxt.exe.txt"),
        ('x".txt', "x.txt"),
        ("公告.TXT", "公告.TXT"),
        ("...", f"{sha(NOTICE)[:16]}.txt"),
    ],
)
def test_a_name_can_neither_leave_its_folder_nor_make_a_program(name: str, saved: str) -> None:
    kept = Kept(sha(NOTICE), TEXT, len(NOTICE), 0)
    said = doors.disposition(name, kept)
    assert said.isascii()
    assert unquote(said.rpartition("''")[2]) == saved


async def test_a_document_of_a_draft_is_reached_by_nobody_outside(office: OfficeWorld) -> None:
    secret, public = await keep(office, "最高限价内部讨论".encode()), await keep(office, NOTICE)
    await office["publisher"].post(
        "/office/lots", draft("lot-two", documents=naming(("讨论.txt", secret)))
    )
    await office.publish_lot(documents=naming(("公告.txt", public)))
    bidder = await office.bidder("nosy")
    for person in (office.stranger(), bidder, office["publisher"]):
        for path in (
            "/lots/lot-two/documents",
            f"/lots/lot-two/documents/{secret}",
            f"/lots/lot-one/documents/{secret}",  # kept, but this lot did not announce it
            f"/lots/no-such-lot/documents/{public}",
        ):
            assert code(await person.get(path)) == "not_found", path
    assert code(await bidder.get(f"/office/documents/{secret}")) == "not_allowed"
    assert secret not in (await office.stranger().get("/lots/lot-one/documents")).text
    for official in ("publisher", "approver"):
        read = await office[official].get(f"/office/documents/{secret}")
        assert read.content == "最高限价内部讨论".encode()
        assert read.headers["cache-control"] == "no-store"
    await office.release("lot-two")
    assert (await office.stranger().get(f"/lots/lot-two/documents/{secret}")).is_success


async def test_an_announced_document_that_is_not_kept_says_so(office: OfficeWorld) -> None:
    await office.publish_lot(documents=naming(("丢失.pdf", sha(GOOD[PDF]))))
    [lost] = await listed(office)
    assert lost == {"name": "丢失.pdf", "sha256": sha(GOOD[PDF]), "version": 1, "kept": False}
    path = f"/lots/lot-one/documents/{sha(GOOD[PDF])}"
    refused = await office.stranger().get(path)
    assert (code(refused), refused.json()["reason"]) == ("not_found", "DOCUMENT_NOT_KEPT")
    await keep(office, GOOD[PDF], PDF)  # it can be mended later: the hash was announced
    assert (await office.stranger().get(path)).content == GOOD[PDF]


async def test_what_a_supplement_leaves_out_stays_readable(office: OfficeWorld) -> None:
    first, second, third = [await keep(office, text) for text in (b"one", b"two", b"three")]
    await office.publish_lot(documents=naming(("1.txt", first), ("2.txt", second)))
    await supplemented(office, ("2.txt", second), ("3.txt", third))
    await supplemented(office, ("3.txt", third))
    found = [(each["name"], each["version"]) for each in await listed(office)]
    assert found == [("1.txt", 1), ("2.txt", 2), ("3.txt", 3)]
    for named in (first, second, third):
        assert (await office.stranger().get(f"/lots/lot-one/documents/{named}")).is_success
    contents = await evidence.gather(office.engine, SITE, "lot-one")
    assert set(contents.documents) == {first, second, third}


async def supplemented(office: OfficeWorld, *named: tuple[str, str]) -> None:
    announced = tuple(Document(name=name, sha256=sha256) for name, sha256 in named)
    command = replace(supplement(await office.verify()), documents=announced)
    assert not isinstance(await office.parts.rooms.submit("lot-one", command), Refusal)


# ── drafts ──────────────────────────────────────────────────────────────────────────────────


async def test_the_preflight_counts_the_documents_that_are_not_kept(office: OfficeWorld) -> None:
    named = naming(("公告.txt", sha(NOTICE)), ("宗地图.png", sha(GOOD[PNG])))
    created = await office["publisher"].post("/office/lots", draft(documents=named))
    assert created.json()["kept"] == []
    path = "/office/drafts/lot-one"
    found = (await office["publisher"].post(f"{path}/preflight")).json()
    assert found == {
        "findings": [
            {
                "rule": "DOCUMENT_NOT_KEPT",
                "severity": "WARN",
                "figures": {"announced": 2, "not_kept": 2},
            }
        ],
        "releasable": True,
    }
    await keep(office, NOTICE)
    found = (await office["publisher"].post(f"{path}/preflight")).json()
    assert found["findings"][0]["figures"] == {"announced": 2, "not_kept": 1}
    shown = (await office["approver"].get(path)).json()
    assert [(each["sha256"], each["size"]) for each in shown["kept"]] == [
        (sha(NOTICE), len(NOTICE))
    ]
    await keep(office, GOOD[PNG], PNG)
    found = (await office["publisher"].post(f"{path}/preflight")).json()
    assert found["findings"] == []


# ── the database's own word ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change",
    ["UPDATE documents SET media_type = 'x'", "DELETE FROM documents", "TRUNCATE documents"],
)
async def test_a_kept_document_is_changed_by_nobody(
    office: OfficeWorld, owner: asyncpg.Connection, app_session: asyncpg.Connection, change: str
) -> None:
    await keep(office, NOTICE)
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(change)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app_session.execute(change)


async def test_the_database_itself_refuses_bytes_under_another_hash(
    office: OfficeWorld, owner: asyncpg.Connection
) -> None:
    await keep(office, NOTICE)
    with pytest.raises(asyncpg.CheckViolationError, match="ck_documents_sha256"):
        await owner.execute(
            "INSERT INTO documents SELECT $1, media_type, size, content, uploaded_by, uploaded_at"
            " FROM documents",
            sha(b"another"),
        )


# ── the evidence pack ───────────────────────────────────────────────────────────────────────


async def pack_of(
    office: OfficeWorld, most: int = evidence.DOCUMENTS_BYTES
) -> tuple[dict[str, bytes], Any]:
    """The pack's documents by hash, and what check 11 says; the whole pack verifies."""
    pack = await evidence.build_pack(
        office.engine, SITE, "lot-one", office.signer, documents_bytes=most
    )
    report = verify_pack(pack, KEY.verifying.to_text())
    assert report.exit_code == 0, report
    files = unpack(pack)
    found = {
        name.removeprefix(DOCUMENTS): files[name] for name in files if name.startswith(DOCUMENTS)
    }
    return found, report.checks[10]


async def test_the_pack_takes_the_kept_documents_along(office: OfficeWorld) -> None:
    named = await keep(office, NOTICE)
    await keep(office, b"never announced")
    lost = ("丢失.pdf", "ab" * 32)
    await office.publish_lot(documents=naming(("公告.txt", named), lost, ("又一份.txt", named)))
    found, check = await pack_of(office)
    assert found == {named: NOTICE}
    assert (check.status, check.counted) == ("HELD", 1)
    assert "1 of 2 announced documents" in check.detail


async def test_documents_beyond_the_bound_are_left_out_and_counted(office: OfficeWorld) -> None:
    texts = (b"a" * 100, b"b" * 101, b"c" * 60)
    named = [await keep(office, text) for text in texts]
    names = [(f"{place}.txt", each) for place, each in enumerate(named)]
    await office.publish_lot(documents=naming(*names))
    found, check = await pack_of(office, 200)
    assert set(found) == {named[0], named[2]}, "the second no longer fits, the third does"
    assert "2 of 3 announced documents" in check.detail
    found, check = await pack_of(office, 261)
    assert set(found) == set(named)


async def test_a_document_that_packs_to_nothing_makes_no_unreadable_pack(
    office: OfficeWorld,
) -> None:
    """A reader refuses what unpacks to more than 200 times its size, so it is stored as it is."""
    named = await keep(office, b" " * (4 << 20))
    await office.publish_lot(documents=naming(("空白.txt", named)))
    found, check = await pack_of(office)
    assert set(found) == {named}
    assert check.status == "HELD"

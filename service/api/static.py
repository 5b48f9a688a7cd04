"""The client's files from the package, with one page for every path of its own."""

import mimetypes
import re
from functools import lru_cache
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from schemas.problem import ProblemCode
from service.desk.refused import Refused

router = APIRouter(include_in_schema=False)

NOT_BUILT = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Luochui</title>'
    "<p>The web client is not built: install Luochui without SKIP_WEB=1.</p></html>"
)
_HASHED = re.compile(r"^assets/[^/]+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$")
_SAFE = re.compile(r"^(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*$")
FOR_EVER = "public, max-age=31536000, immutable"

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")
mimetypes.add_type("font/woff2", ".woff2")


@router.get("/{path:path}")
async def client(request: Request, path: str) -> Response:
    """A file of the client, or its one page, which knows the paths of its own."""
    if path.startswith(("api/", "ws/")) or path in ("api", "ws"):
        raise Refused(ProblemCode.NOT_FOUND, "There is no such door.")
    found = _file(path) if _SAFE.fullmatch(path) else None
    if found is not None and path != "index.html":
        return _as_file(path, found)
    if path.startswith("assets/"):
        raise Refused(ProblemCode.NOT_FOUND, "There is no such file.")
    index = _file("index.html")
    if index is None:
        return HTMLResponse(NOT_BUILT, status_code=503)
    return HTMLResponse(index, headers={"Cache-Control": "no-cache"})


def _as_file(path: str, content: bytes) -> Response:
    media = mimetypes.guess_type(path)[0] or "application/octet-stream"
    # The build puts a hash of the content into the name: such a file never changes.
    caching = FOR_EVER if _HASHED.fullmatch(path) else "no-cache"
    return Response(content, media_type=media, headers={"Cache-Control": caching})


@lru_cache(maxsize=256)
def _file(path: str) -> bytes | None:
    place = files("service").joinpath("web_dist", *path.split("/"))
    return place.read_bytes() if place.is_file() else None

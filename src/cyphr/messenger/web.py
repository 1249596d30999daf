"""The built web client: its files, and its page for every address that is one of its screens."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class WebClient(StaticFiles):
    """Serves a single-page application. Files under ``assets/`` carry a hash in their name and never change."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or path.startswith("v1/") or "." in path.rpartition("/")[2]:
                raise
            response = await super().get_response("index.html", scope)
            path = "index.html"
        immutable = path.startswith("assets/")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if immutable else "no-cache"
        return response

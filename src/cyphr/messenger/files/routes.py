"""PUT /v1/me/avatar."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, UploadFile

from cyphr.messenger.files.service import LARGEST_AVATAR, Files
from cyphr.messenger.people.models import Person
from cyphr.messenger.sessions.routes import SignedIn

router = APIRouter(prefix="/v1/me", tags=["files"])


def _files(request: Request) -> Files:
    files: Files = request.app.state.messenger.files
    return files


@router.put("/avatar")
async def set_avatar(file: UploadFile, identity: SignedIn, files: Annotated[Files, Depends(_files)]) -> Person:
    """Set one's picture: a PNG, JPEG or WebP of at most 1 MB."""
    return await files.set_avatar(identity.user_id, await file.read(LARGEST_AVATAR + 1))

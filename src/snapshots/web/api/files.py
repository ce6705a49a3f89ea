"""Endpoints for files that clients upload, to be imported by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from snapshots.engine.queue.request import FILE_NAME
from snapshots.errors import Forbids, NoSuchFile, UsageError
from snapshots.web.context import Client, Here, ServiceContext
from snapshots.web.gate.guard import UPLOADS
from snapshots.web.problems import answers, in_words
from snapshots.web.uploads.multipart import MultipartFile
from snapshots.web.uploads.store import Upload

_FORM_OF_NAMES = "up to 200 letters, digits and . _ -, and begin with none of . and -"
Name = Annotated[
    str,
    Path(pattern=in_words(f"^{FILE_NAME.pattern}$", _FORM_OF_NAMES), description="Of a file."),
]

routes = APIRouter(prefix=UPLOADS, tags=["files"], responses=answers(422))

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    }
}


class File(BaseModel):
    """An uploaded file. Import it with `{"file": name}`."""

    name: str
    bytes: int


class Uploaded(File):
    """A newly uploaded file."""

    content_hash: str
    """The BLAKE3 hash of its bytes."""


class Files(BaseModel):
    """All uploaded files, by name."""

    files: list[File]


@routes.put(
    "/{name}",
    status_code=201,
    responses=answers(408, 409, 413, 429, 503, 507),
    openapi_extra={
        "requestBody": {"content": {"application/octet-stream": _BYTES}, "required": True}
    },
    summary="Upload a file",
)
async def put(
    here: Here, client: Client, name: Name, request: Request, response: Response
) -> Uploaded:
    """Uploads a file: the body is its bytes. It replaces a file of the same name."""
    with here.uploading.turn(client):
        return await take(here, request.stream(), response, name)


@routes.post(
    "",
    status_code=201,
    responses=answers(408, 409, 413, 429, 503, 507),
    openapi_extra={"requestBody": {"content": {"multipart/form-data": _FORM}, "required": True}},
    summary="Upload a file with a form",
)
async def post(here: Here, client: Client, request: Request, response: Response) -> Uploaded:
    """Uploads a file from a form, under the name that the form gives."""
    form = MultipartFile(request.headers.get("content-type", ""))
    with here.uploading.turn(client):
        return await take(here, request.stream(), response, form=form)


@routes.get("", summary="List the uploaded files")
def listed(here: Here) -> Files:
    """Lists the complete files."""
    folder = here.settings.files
    there = sorted(folder.iterdir()) if folder.is_dir() else []
    return Files(
        files=[
            File(name=path.name, bytes=path.stat().st_size)
            for path in there
            if path.is_file() and FILE_NAME.fullmatch(path.name)
        ]
    )


@routes.delete(
    "/{name}", status_code=204, responses=answers(404, 409, 503), summary="Delete an uploaded file"
)
def delete(here: Here, name: Name) -> None:
    """Deletes a file. Rows that were loaded from it stay."""
    require_unused(here, name)
    try:
        (here.settings.files / name).unlink()
    except FileNotFoundError:
        raise NoSuchFile(f"the file {name} does not exist") from None


async def take(
    here: ServiceContext,
    body: AsyncIterator[bytes],
    response: Response,
    name: str | None = None,
    form: MultipartFile | None = None,
    renamed: Callable[[str], str] = str,
) -> Uploaded:
    """Writes the body to the file as it arrives, whatever its size.

    `renamed` makes the name of the file from the one in a form.
    """
    upload = None
    try:
        async for piece in body:
            data = form.feed(piece) if form else piece
            if form and form.name:
                name = renamed(form.name)
            if upload is None and name is not None:
                upload = await to_thread.run_sync(_begin, here, name)
            if upload is not None and data:
                await to_thread.run_sync(upload.write, data)
        if form:
            form.finish()
        if upload is None or name is None or not upload.size:
            raise UsageError("the file is empty")
        content_hash = await to_thread.run_sync(upload.keep)
    except ClientDisconnect:
        # Nobody reads this answer.
        raise HTTPException(400) from None
    finally:
        if upload is not None:
            await to_thread.run_sync(upload.abandon)
    response.headers["Location"] = f"{UPLOADS}/{name}"
    return Uploaded(name=name, bytes=upload.size, content_hash=content_hash)


def _begin(here: ServiceContext, name: str) -> Upload:
    if not FILE_NAME.fullmatch(name):
        raise UsageError(
            "this is not a valid file name",
            place=name[:200],
            hint=f"It must be {_FORM_OF_NAMES}",
        )
    require_unused(here, name)
    return Upload(here.settings.files, name, here.settings.disk_floor)


def require_unused(here: ServiceContext, name: str) -> None:
    """Raises Forbids if an import waits for the file, or reads it."""
    with here.pool.ledger() as ledger:
        using = [one for one in ledger.sightings([name]) if one.state in {"queued", "running"}]
    if using:
        raise Forbids(
            f"import {using[0].import_id} is {using[0].state} and reads {name}",
            hint="cancel it first, or wait until it ends",
        )

"""Endpoints for uploads in several requests: the protocol tus 1.0, with creation and termination.

A client that lost its connection asks how much has arrived, and sends the rest.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Final

import anyio
from anyio import to_thread
from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from snapshots.errors import UsageError
from snapshots.web.api.files import require_unused
from snapshots.web.context import Client, Here, ServiceContext
from snapshots.web.gate.guard import RESUMABLE
from snapshots.web.problems import answers, in_words
from snapshots.web.uploads import resumable
from snapshots.web.uploads.names import storable_name

if TYPE_CHECKING:
    from snapshots.web.uploads.resumable import ResumableUpload

VERSION: Final = "1.0.0"
PATCH_TYPE: Final = "application/offset+octet-stream"
_LARGEST: Final = (1 << 53) - 1

Number = Annotated[
    str,
    Path(
        pattern=in_words("^[0-9a-f]{16}$", "the number of an upload: 16 hexadecimal digits"),
        description="Of an upload, as `Location` gave it.",
    ),
]
Length = Annotated[
    int,
    Header(alias="Upload-Length", ge=1, le=_LARGEST, description="Bytes of the whole file."),
]
Offset = Annotated[
    int, Header(alias="Upload-Offset", ge=0, le=_LARGEST, description="Bytes that have arrived.")
]
Metadata = Annotated[
    str,
    Header(
        alias="Upload-Metadata",
        max_length=4096,
        description="`filename` and its name in Base64, as tus says.",
    ),
]

routes = APIRouter(prefix=RESUMABLE, tags=["files"], responses=answers(422))


class UploadState(BaseModel):
    """An upload: how much of a file has arrived."""

    upload: str
    """Its number."""
    name: str
    """The name of the file when all has arrived. Import it with `{"file": name}`."""
    bytes: int
    offset: int
    done: bool
    """Whether the file has its name. If all has arrived and it does not, an empty part gives it."""


@routes.options("", status_code=204, summary="Ask what uploads may be")
def abilities(here: Here) -> Response:
    """Says which version and extensions of tus the service has, and the largest file."""
    return _answer(
        204,
        Tus_Version=VERSION,
        Tus_Extension="creation,expiration,termination",
        Tus_Max_Size=str(here.settings.max_upload),
    )


@routes.post(
    "",
    status_code=201,
    responses=answers(409, 412, 413, 429, 503, 507),
    summary="Begin an upload in parts",
)
def begin(
    here: Here, request: Request, response: Response, length: Length, metadata: Metadata
) -> UploadState:
    """Begins an upload. `Location` is where its bytes go, by PATCH. The file has no name until the
    last byte has arrived; then it replaces a file of the same name."""
    _require_version(request)
    if length > here.settings.max_upload:
        most = here.settings.max_upload
        raise HTTPException(413, f"The file is larger than the limit of {most} bytes.")
    name = storable_name(_file_name(metadata))
    require_unused(here, name)
    resumable.sweep_stale(here.settings.files)
    upload = resumable.begin(here.settings.files, name, length, here.settings.disk_floor)
    response.headers["Location"] = f"{RESUMABLE}/{upload.number}"
    _mark(response, upload)
    return _state(upload)


@routes.get("/{number}", responses=answers(404), summary="Get how much of an upload has arrived")
def state(here: Here, response: Response, number: Number) -> UploadState:
    """Says how much has arrived. HEAD gives the same in headers alone, as tus asks."""
    upload = resumable.find(here.settings.files, number)
    _mark(response, upload)
    return _state(upload)


@routes.patch(
    "/{number}",
    status_code=204,
    responses=answers(404, 408, 409, 412, 413, 415, 423, 429, 503, 507),
    openapi_extra={
        "requestBody": {
            "content": {PATCH_TYPE: {"schema": {"type": "string", "format": "binary"}}},
            "required": True,
        }
    },
    summary="Send the next bytes of an upload",
)
async def send(
    here: Here, client: Client, request: Request, number: Number, offset: Offset
) -> Response:
    """Appends the body at `Upload-Offset`, which must be where the upload is. What has arrived
    stays, even if the connection is lost before the end of the body."""
    _require_version(request)
    if request.headers.get("content-type") != PATCH_TYPE:
        raise HTTPException(415, f"The body must have the Content-Type {PATCH_TYPE}.")
    upload = await to_thread.run_sync(resumable.find, here.settings.files, number)
    if upload.done:
        raise HTTPException(409, "All bytes of this upload have arrived.")
    with here.uploading.turn(client):
        # A client that lost its connection is back before the service has noticed.
        async with here.parts.only(number):
            arrived = await _append(here, request, upload, offset)
    return _answer(204, Upload_Offset=str(arrived))


@routes.delete(
    "/{number}", status_code=204, responses=answers(404, 412), summary="Give up an upload"
)
async def delete(here: Here, request: Request, number: Number) -> Response:
    """Removes what has arrived. The file of a finished upload stays."""
    _require_version(request)
    upload = await to_thread.run_sync(resumable.find, here.settings.files, number)
    async with here.parts.only(number):
        await to_thread.run_sync(resumable.remove, upload)
    return _answer(204)


async def _append(
    here: ServiceContext, request: Request, upload: ResumableUpload, offset: int
) -> int:
    """Writes the body as it arrives, and returns where the next byte goes."""
    context = resumable.appending(upload, here.settings.disk_floor)
    part = await to_thread.run_sync(context.__enter__)
    try:
        if part.offset != offset:
            raise HTTPException(
                409,
                f"The upload is at byte {part.offset}, not at {offset}.",
                headers={"Upload-Offset": str(part.offset)},
            )
        async for piece in request.stream():
            if len(piece) > part.left:
                raise HTTPException(413, f"The upload has only {upload.size} bytes.")
            if piece:
                await to_thread.run_sync(part.write, piece)
        await to_thread.run_sync(part.sync)
        if not part.left:
            await to_thread.run_sync(require_unused, here, upload.name)
            await to_thread.run_sync(part.keep)
    except ClientDisconnect:
        # Nobody reads this answer.
        raise HTTPException(400) from None
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(context.__exit__, None, None, None)
    return part.offset


def _require_version(request: Request) -> None:
    """Raises HTTPException for a client that speaks another version of tus."""
    if request.headers.get("tus-resumable", VERSION) != VERSION:
        raise HTTPException(412, headers={"Tus-Version": VERSION})


def _file_name(metadata: str) -> str:
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename" and value:
            try:
                return base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                break
    raise UsageError(
        "Upload-Metadata has no file name",
        hint="send: Upload-Metadata: filename NAME-IN-BASE64",
    )


def _state(upload: ResumableUpload) -> UploadState:
    return UploadState(
        upload=upload.number,
        name=upload.name,
        bytes=upload.size,
        offset=upload.offset,
        done=upload.done,
    )


def _mark(response: Response, upload: ResumableUpload) -> None:
    response.headers["Upload-Offset"] = str(upload.offset)
    response.headers["Upload-Length"] = str(upload.size)
    response.headers["Tus-Resumable"] = VERSION


def _answer(status: int, **headers: str) -> Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status_code=status, headers={"Tus-Resumable": VERSION, **named})

"""Endpoints for the contracts that people have kept in the pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from snapshots.ledger import contracts
from snapshots.web.context import Here
from snapshots.web.problems import answers

KeptName = Annotated[str, Path(min_length=1, max_length=200, description="Of a kept contract.")]

routes = APIRouter(prefix="/v1/contracts", tags=["contracts"], responses=answers(503))


class Kept(BaseModel):
    """A contract that somebody has kept."""

    contract_name: str
    table: str
    """The table that it was made for."""
    header: list[str]
    """The columns of the file that it was made for."""
    contract: dict[str, Any]
    """A Table Schema, as `contract` of an import takes it."""
    kept_at: str


class KeptContracts(BaseModel):
    """All kept contracts, the newest first."""

    contracts: list[Kept]


@routes.get("", summary="List the kept contracts")
def listed(here: Here) -> KeptContracts:
    """Lists the contracts that people have kept with their imports, the newest first."""
    with here.pool.ledger() as ledger:
        found = contracts.kept(ledger)
    return KeptContracts(
        contracts=[
            Kept(
                contract_name=one.name,
                table=one.table,
                header=list(one.header),
                contract=dict(one.contract),
                kept_at=one.kept_at,
            )
            for one in found
        ]
    )


@routes.delete(
    "/{contract_name:path}",
    status_code=204,
    responses=answers(404, 422),
    summary="Delete a kept contract",
)
def delete(here: Here, contract_name: KeptName) -> None:
    """Deletes a kept contract. Imports that have used it keep theirs."""
    with here.pool.ledger(write=True) as ledger:
        if not contracts.forget(ledger, contract_name):
            raise HTTPException(404, f"There is no kept contract {contract_name}.")

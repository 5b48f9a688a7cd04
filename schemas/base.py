"""The strict ground of every model: no lax numbers, no unknown fields, no missing names.

`true`, `"100"`, `1000.0` and `1_000` were taken as amounts by real auction systems; here an integer
is a JSON integer and nothing else.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_INT = 2**53 - 1


class Strict(BaseModel):
    """A frozen model that refuses unknown fields and converts nothing."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False
    )


Whole = Annotated[int, Field(strict=True, ge=0, le=MAX_INT)]
AmountFen = Annotated[
    int, Field(strict=True, ge=0, le=MAX_INT, description="Whole fen (0.01 yuan).")
]
Millis = Annotated[
    int, Field(strict=True, ge=0, le=MAX_INT, description="UTC milliseconds, database time.")
]
Seq = Annotated[int, Field(strict=True, ge=0, le=MAX_INT)]
LotId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,63}$")]
BidId = Annotated[
    str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]
BidderNo = Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$")]
KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Hex = Annotated[str, Field(pattern=r"^(?:[0-9a-f]{2})+$", max_length=1024)]
Signature = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$", description="64 bytes, base64.")]
ShortText = Annotated[str, Field(min_length=1, max_length=200)]
LongText = Annotated[str, Field(min_length=1, max_length=4000)]

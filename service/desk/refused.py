"""How the office says no: one name, one sentence, the figures that explain it."""

from collections.abc import Mapping, Sequence

from schemas.problem import ProblemCode


class Refused(Exception):
    """A request that changes nothing. Raised inside a transaction, it takes everything back.

    reason: the finer name, e.g. of the rules. figures: integers with their unit in the name.
    errors: (where, message) pairs for values that are not what the schema asks.
    """

    def __init__(
        self,
        code: ProblemCode,
        detail: str,
        *,
        reason: str | None = None,
        figures: Mapping[str, int] | None = None,
        errors: Sequence[tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(f"{code.value}: {detail}")
        self.code = code
        self.detail = detail
        self.reason = reason
        self.figures = figures
        self.errors = errors

"""Names that the office gives: random where they must tell nothing, rising where pages need it."""

import secrets

BIDDER_ALPHABET = "ACDEFHJKMNPRTVWXY34679"
"""No 0 O Q, 1 I L, 2 Z, 5 S, 8 B, 6 stays and G goes, V stays and U goes: no look-alikes."""

FREE_SYMBOLS = 3


def new_account_id() -> str:
    return secrets.token_hex(16)


def new_rising_id(at: int) -> str:
    """Unguessable, and in the order of time when sorted as text."""
    return f"{at:012x}{secrets.token_hex(8)}"


def new_sub_account() -> str:
    """Sixteen random digits: a sub-account tells neither lot nor bidder nor how many there are."""
    return f"{secrets.randbelow(9 * 10**15) + 10**15}"


def bidder_number(first: str) -> str:
    """The number that begins with three given symbols; the fourth is their sum.

    So any two numbers differ in at least two places: one slip of a tongue or a pen turns no
    bidder into another.
    """
    total = sum(BIDDER_ALPHABET.index(symbol) for symbol in first)
    return first + BIDDER_ALPHABET[total % len(BIDDER_ALPHABET)]


def new_bidder_number(taken: set[str]) -> str:
    """A random number that is not taken; 10,648 are there for each lot."""
    assert len(taken) < len(BIDDER_ALPHABET) ** FREE_SYMBOLS, "every number of this lot is given"
    while True:
        drawn = "".join(secrets.choice(BIDDER_ALPHABET) for _ in range(FREE_SYMBOLS))
        if (number := bidder_number(drawn)) not in taken:
            return number

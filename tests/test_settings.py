"""What a process is told: no secret has a default, and none is said aloud."""

import pytest
from pydantic import SecretStr

from service.audit import commitments
from service.audit.commitments import Kind
from service.main import database_url, log_key
from service.serving import CannotStart
from service.settings import SECRETS, Settings

AMOUNT_FEN = 137_500_000
STEPS_FEN = 100_000


def test_no_secret_has_a_default() -> None:
    """Fault 49: another reserve was encrypted with a constant in the source."""
    fields = Settings.model_fields
    secret = {name for name, field in fields.items() if SecretStr in _types(field.annotation)}
    assert secret == set(SECRETS)
    for name in SECRETS:
        assert fields[name].default is None
    with pytest.raises(CannotStart, match="LUOCHUI_LOG_KEY"):
        log_key(Settings())
    with pytest.raises(CannotStart, match="LUOCHUI_DATABASE_URL"):
        database_url(Settings())


def test_a_secret_is_not_in_the_words_of_the_settings() -> None:
    said = Settings.model_validate(dict.fromkeys(SECRETS, SecretStr("open sesame")))
    assert "open sesame" not in repr(said)
    assert "open sesame" not in said.model_dump_json()


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compose file passes on what nobody set as an empty word."""
    for name in ("WITNESS_POLICY", "TSA_URL", "TSA_CERTIFICATES", "START_WITHOUT_WITNESSES"):
        monkeypatch.setenv(f"LUOCHUI_{name}", "")
    monkeypatch.setenv("LUOCHUI_NATS_URL", "")
    assert Settings() == Settings.model_construct()
    monkeypatch.setenv("LUOCHUI_TSA_CERTIFICATES", '["/trust/tsa.pem"]')
    assert [str(path) for path in Settings().tsa_certificates] == ["/trust/tsa.pem"]


def test_a_reserve_cannot_be_found_by_trying_amounts() -> None:
    """Fault 49: an unsalted reserve hash was brute-forced."""
    origin, salt = "auction.example.cn/lot/hj-2017-07", commitments.new_salt()

    def seal(amount_fen: int, with_salt: str) -> str:
        value = {"amount_fen": amount_fen, "has_reserve": True}
        return commitments.commit(Kind.RESERVE, origin, with_salt, value)

    sealed = seal(AMOUNT_FEN, salt)
    tried = range(AMOUNT_FEN - 500 * STEPS_FEN, AMOUNT_FEN + 500 * STEPS_FEN, STEPS_FEN)
    for guess in ("00" * 32, commitments.new_salt()):
        assert sealed not in {seal(amount_fen, guess) for amount_fen in tried}
    assert sealed in {seal(amount_fen, salt) for amount_fen in tried}
    assert len({commitments.new_salt() for _ in range(1_000)}) == 1_000
    assert len(bytes.fromhex(salt)) == 32


def _types(annotation: object) -> tuple[object, ...]:
    return getattr(annotation, "__args__", (annotation,))

"""One sale of a real parcel of Hebei, at its first quote: what the examples of answers tell."""

from schemas import live, log, rest
from service import wire
from service.api import office_examples
from service.audit import canonical
from service.audit.proofs import Receipt

DRAFT = rest.DraftIn.model_validate(office_examples.draft(), strict=False)
FACTS, RULES, TIMES = DRAFT.parcel, DRAFT.rules, DRAFT.timetable
LOT_ID, TITLE = DRAFT.lot_id, FACTS.title
SITE = "auction.example.cn"
LOG = f"{SITE}/lot/{LOT_ID}"
BID_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
KEY_ID = "2a97516c354b6848"
BIDDER_NO, BIDDER = "A2K7", "黄河置业有限公司"
ID_NUMBER = "91130983MA0EXAMPLE"
APPLICATION = "01a1ed5f3c0040d9b7e2f3a18c5d"
SUB_ACCOUNT = "4821937710293847"
BID_AT = TIMES.registration_to + 3_600_000
DEPOSIT_FEN = RULES.deposit["CNY"]
PRICE_FEN = RULES.starting_price_fen + RULES.increment_fen
CLOSES_AT = TIMES.listing_to or 0


def fields() -> live.LotFields:
    """The lot after its first quote."""
    return live.LotFields(
        stage="LISTING",
        control="NORMAL",
        price_fen=PRICE_FEN,
        total_fen=PRICE_FEN,
        leader_no=BIDDER_NO,
        minimum_bid_fen=PRICE_FEN + RULES.increment_fen,
        increment_fen=RULES.increment_fen,
        closes_at=CLOSES_AT,
        extensions=0,
        accepted=1,
    )


def snapshot(quote: live.AcceptedQuote) -> live.Snapshot:
    """What an observer is shown at that quote."""
    summary = live.RulesSummary(
        method=RULES.method,
        price_unit=RULES.price_unit,
        starting_price_fen=RULES.starting_price_fen,
        grid=RULES.grid,
        price_quantum_fen=RULES.price_quantum_fen,
        self_outbid=RULES.self_outbid,
        countdown_s=RULES.countdown_s,
        extension=RULES.extension,
        entry_rule=RULES.entry_rule,
        drain_ms=RULES.drain_ms,
        warnings_s=RULES.warnings_s,
        area_centi_m2=FACTS.area_centi_m2,
        title=TITLE,
        parcel_no=FACTS.parcel_no,
        land_use=FACTS.land_use,
    )
    return live.Snapshot(
        seq=quote.seq,
        at=quote.at,
        lot_id=LOT_ID,
        log=LOG,
        lot=fields(),
        rules=summary,
        recent=(quote,),
    )


def card() -> rest.LotCard:
    return rest.LotCard(
        lot_id=LOT_ID,
        parcel=FACTS,
        method=RULES.method,
        price_unit=RULES.price_unit,
        starting_price_fen=RULES.starting_price_fen,
        increment_fen=RULES.increment_fen,
        deposit=RULES.deposit,
        timetable=TIMES,
        state=fields(),
    )


def entry() -> log.LotEntry:
    bid = log.PlaceBid(
        bid_id=BID_ID,
        bidder_no=BIDDER_NO,
        amount_fen=PRICE_FEN,
        seen_seq=16,
        jump_confirmed=False,
        received_at=BID_AT - 12,
        admission=3,
        key_id=KEY_ID,
        signature="A" * 86 + "==",
    )
    accepted = log.BidAccepted(
        bidder_no=BIDDER_NO,
        amount_fen=PRICE_FEN,
        minimum_next_fen=PRICE_FEN + RULES.increment_fen,
        closes_at=CLOSES_AT,
    )
    return log.LotEntry(at=BID_AT, command=bid, events=(accepted,), log=LOG, seq=17)


def receipt() -> live.Receipt:
    """Its proof has the form of a real one; the hashes and the signature stand for real ones."""
    stored = canonical.encode(wire.plain(entry()))
    head = f"{LOG}\n18\n{'K' * 43}=\n\n— {SITE} {'S' * 92}\n"
    return live.Receipt(
        bid_id=BID_ID,
        outcome="accepted",
        amount_fen=PRICE_FEN,
        seq=17,
        at=BID_AT,
        received_at=BID_AT - 12,
        closes_at=CLOSES_AT,
        minimum_bid_fen=PRICE_FEN + RULES.increment_fen,
        proof=Receipt(stored, 17, (bytes(32), bytes(32)), head).to_text(),
    )

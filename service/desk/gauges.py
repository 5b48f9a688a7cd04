"""What the operator's watchmen see of witnesses and timestamps in /metrics."""

from prometheus_client import Counter, Gauge

WITNESS_ANSWERS = Counter(
    "luochui_witness_answers_total",
    "Answers of witnesses to our heads: cosigned (of lots), refused, silent, halted.",
    ("witness", "outcome"),
)
HALTED_LOGS = Gauge(
    "luochui_halted_logs",
    "Logs that this process may not sign any more.",
    multiprocess_mode="livemax",
)
STAMP_ANSWERS = Counter(
    "luochui_stamp_answers_total",
    "Answers of the timestamping authority: stamped, refused, silent.",
    ("outcome",),
)
STAMPS_PENDING = Gauge(
    "luochui_stamps_pending",
    "Heads that still wait for their timestamp.",
    multiprocess_mode="livemax",
)

"""The faults of real auction systems that this one is held to, each in a few words.

The first 25 concern order, deadline and close, 26 to 38 the channel, 49 and 50 what is sealed and
what is signed. Each of these has a named test at least, and for 1 to 38 `tests/protections` says
what protects and sees the tests fail without it.
"""

FAULTS = {
    1: "an acknowledged bid vanishes under an older copy",
    2: "a bid is written and then answered with an error",
    3: "a lease without fencing lets two writers in",
    4: "a lock outlives the exception that left it",
    5: "an honest bid is refused because another is being decided",
    6: "the close runs beside the bids instead of after them",
    7: "the deposit is not checked where bids are accepted",
    8: "the deadline is compared for some bids only",
    9: "the instant of arrival is taken for the order",
    10: "money is a float",
    11: "two equal bids are both valid",
    12: "one way of bidding does not extend the countdown",
    13: "a refused bid extends the countdown",
    14: "bids before the opening, after the close, on sold lots",
    15: "a price equal to the reserve does not meet it",
    16: "a jump passes the cap",
    17: "something still uses the end before it was extended",
    18: "a sale is closed twice",
    19: "the exact end is forgotten in a crash",
    20: "bidders lose the last seconds of their window",
    21: "unfinished lots are shown as sold",
    22: "one bid extends every lot, or not everybody is told",
    23: "a sale cannot be frozen, or resumes by the wrong person",
    24: "time zones and fractions of a second break windows",
    25: "a wrong timetable is published",
    26: "a socket dies silently and takes a bid along",
    27: "a page that is cut off still says who leads",
    28: "the countdown runs by the clock of the PC",
    29: "a reconnect repeats a bid or hides a gap",
    30: "one reader that never reads freezes everybody",
    31: "a page of another origin opens a socket",
    32: "an identity stands in the public feed",
    33: "what is one bidder's own reaches another's screen",
    34: "an idle socket is dropped for its silence",
    35: "a shutdown hangs on open sockets, or each holds a database session",
    36: "a background tab drifts its countdown",
    37: "who joins late is not told of the pause",
    38: "a bid fails and nobody sees it",
    49: "an unsalted reserve hash is brute-forced, or a secret has a default",
    50: "a restored old backup forks the log",
}

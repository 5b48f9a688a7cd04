// Made from the OpenAPI document by `npm run types`; do not edit.
export interface paths {
    "/api/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register
         * @description A new bidder's account. Sign in afterwards.
         */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/bank/notices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Bank Notice
         * @description Takes one credit down; the same serial of the same account is only acknowledged again.
         */
        post: operations["bank_notice"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/log.vkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Log Vkey
         * @description The verifier key of every log of this site, in C2SP form.
         */
        get: operations["get_log_vkey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Lots
         * @description Published lots, the newest announcement first.
         */
        get: operations["list_lots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Lot
         * @description A lot with its rules, documents and present state.
         */
        get: operations["get_lot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/applications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Apply
         * @description Files one application for a lot while its registration is open.
         */
        post: operations["apply"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/bids": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Place Bid
         * @description The same bid as by socket, for a bidder whose socket is blocked.
         *
         *     A refusal by the rules is a receipt too: it stands in the log.
         */
        post: operations["place_bid"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/bids/{bid_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Bid
         * @description The receipt of an own bid, byte for byte the first answer.
         */
        get: operations["get_bid"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Checkpoint
         * @description The newest head of the lot's log as a C2SP signed note, with the cosignatures it has.
         */
        get: operations["get_checkpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prove Consistency
         * @description That the log you have seen is a prefix of a later one: nothing in it was changed since.
         */
        get: operations["prove_consistency"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/documents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Documents
         * @description What the lot announced, supplements too: which bytes are kept, and which are not.
         */
        get: operations["list_documents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/documents/{sha256}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Document
         * @description A document that this lot announced, as a file under its announced name.
         */
        get: operations["get_document"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Use Key
         * @description One more of the bidder's enrolled keys for this lot: another device.
         */
        post: operations["use_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Live
         * @description What the live channel shows everyone now, for relays and for programs without a socket.
         *
         *     With `after_seq` the missing rows when they fit one update, else and without it a snapshot, as
         *     the channel answers `resync`. The header `Luochui-Time-Ms` is the database's time.
         */
        get: operations["get_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/opt-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Opt In
         * @description Enters the timed phase, or takes that back, while READY lasts.
         */
        post: operations["opt_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/quotes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Quotes
         * @description Accepted quotes in the order of the log.
         */
        get: operations["list_quotes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Replay
         * @description The log of a finished sale, entry by entry; it holds bidder numbers and no names.
         */
        get: operations["get_replay"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/lots/{lot_id}/winner": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Winner Opening
         * @description The winner's identity commitment, opened, once the result is confirmed.
         */
        get: operations["get_winner_opening"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Me
         * @description Who is signed in.
         */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me/applications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List My Applications
         * @description The bidder's applications, the newest first, each with the state of its deposit.
         */
        get: operations["list_my_applications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me/applications/{application_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get My Application
         * @description One own application; another's is as if it were not there.
         */
        get: operations["get_my_application"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Keys
         * @description The bidder's enrolled public keys; there are few enough for one page.
         */
        get: operations["list_keys"];
        put?: never;
        /**
         * Enrol Key
         * @description Enrols a public key; the key is its own name, so asking again creates nothing twice.
         */
        post: operations["enrol_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/applications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Applications
         * @description What waits for a decision; decided applications only after their sale has ended.
         */
        get: operations["list_applications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/applications/{application_id}/decision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide Application
         * @description Accepts, which opens a sub-account for the deposit, or refuses with a reason.
         */
        post: operations["decide_application"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/applications/{application_id}/revocation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request Revocation
         * @description Asks that an admission be taken back; an approver's word does it, until bidding is over.
         */
        post: operations["request_revocation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/deposits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Deposits
         * @description Bank notices that need a person; those that simply counted only after the sale.
         */
        get: operations["list_deposits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/documents/{sha256}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Kept Document
         * @description A kept document, for those who draft and release: nobody approves what he cannot read.
         */
        get: operations["get_kept_document"];
        /**
         * Keep Document
         * @description Keeps a document for good; the same again changes nothing. It is public once a lot that
         *     announces it is published.
         */
        put: operations["keep_document"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/drafts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Drafts
         * @description Drafts that are not released yet.
         */
        get: operations["list_drafts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/drafts/{lot_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Draft
         * @description The draft; its ETag is what If-Match must say to change it.
         */
        get: operations["get_draft"];
        /**
         * Edit Draft
         * @description Writes the whole draft anew; a submitted one goes back to DRAFT.
         */
        put: operations["edit_draft"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/drafts/{lot_id}/preflight": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Preflight
         * @description What forbids a release at this moment, by rule name, and what deserves another look.
         */
        post: operations["preflight"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/drafts/{lot_id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Release Lot
         * @description Publishes the lot: entry 0 of its log. By a person who wrote nothing in the draft.
         */
        post: operations["release_lot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/drafts/{lot_id}/reserve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Seal Reserve
         * @description Seals the reserve, or that there is none, in place of what was sealed before. The second
         *     official signs in for this act alone; he gets no session.
         */
        put: operations["seal_reserve"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/drafts/{lot_id}/submit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Submit Draft
         * @description Hands the draft to an approver.
         */
        post: operations["submit_draft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/lots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Office Lots
         * @description Published lots for the console: no identities, no head counts.
         */
        get: operations["list_office_lots"];
        put?: never;
        /**
         * Create Draft
         * @description A new draft of an announcement. Its first version is 1.
         */
        post: operations["create_draft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/lots/{lot_id}/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request Action
         * @description Asks for an action, which another person approves. An emergency suspension acts at once.
         */
        post: operations["request_action"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/lots/{lot_id}/reserve-half": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give Reserve Half
         * @description A holder's half, in CLOSING only; with the second the log opens the reserve. The same half
         *     again is answered alike.
         */
        post: operations["give_reserve_half"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/parcels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Parcels
         * @description The land bank, in order of id.
         */
        get: operations["list_parcels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/refunds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Refunds
         * @description Refund orders, each tracked to the bank's reference.
         */
        get: operations["list_refunds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/refunds/{refund_id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record Refund
         * @description What the bank said of a refund order; a failed one stays in the queue.
         */
        post: operations["record_refund"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Requests
         * @description Requests, the newest first. Revocations are shown to approvers and to who asked.
         */
        get: operations["list_requests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/requests/{request_id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve Action
         * @description Does what another person asked for. What the rules refuse stays pending.
         */
        post: operations["approve_action"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/requests/{request_id}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Withdraw Action
         * @description Takes one's own request back while it waits.
         */
        post: operations["withdraw_action"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/office/templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Templates
         * @description RuleSets to start from; `demo` on a practice site only.
         */
        get: operations["list_templates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign In
         * @description Opens a session in a cookie. Unknown names and wrong passwords are answered alike.
         */
        post: operations["sign_in"];
        /**
         * Sign Out
         * @description Ends the session, here and in the database; without one there is nothing to do.
         */
        delete: operations["sign_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/site": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Site
         * @description The site's name, whether it is a practice site, and the key of its logs.
         */
        get: operations["get_site"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervision/anchors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Anchors
         * @description Every log, the house first: witnesses, stamps that wait and why, and what is halted.
         */
        get: operations["list_anchors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervision/house": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List House Entries
         * @description The house log, the newest entry first; what a running sale keeps sealed is left out.
         */
        get: operations["list_house_entries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervision/looks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Looks
         * @description Who looked at sealed data, at which field of what, why and when; the newest first.
         */
        get: operations["list_looks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervision/lots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Supervised Lots
         * @description Every published lot.
         */
        get: operations["list_supervised_lots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervision/lots/{lot_id}/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Entries
         * @description The log's entries for a replay, once the sale is over.
         */
        get: operations["list_entries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervision/lots/{lot_id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export Lot
         * @description The evidence pack, to be verified on the regulator's own machine.
         *
         *     Each one taken is recorded in the house log with its reason.
         */
        get: operations["export_lot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervision/lots/{lot_id}/identities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Open Identities
         * @description Every identity of an opened roll with its salt. The look and its reason are recorded.
         */
        get: operations["open_identities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervision/lots/{lot_id}/identities/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record Identity Check
         * @description Records whether every opening fits the roll; the same finding again changes nothing.
         */
        post: operations["record_identity_check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/supervision/lots/{lot_id}/verification": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Verify Lot
         * @description The verifier's report on the pack as it would be exported now. Each run is recorded.
         */
        get: operations["verify_lot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/timestamp-authorities.pem": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Timestamp Authorities
         * @description The certificates (PEM) under which this site's timestamps are to be verified.
         */
        get: operations["get_timestamp_authorities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/witness.policy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Witness Policy
         * @description The C2SP tlog-policy of this site, byte for byte as its hash stands in the house log.
         *
         *     Compare it with what the witnesses themselves publish: a policy from the operator alone is as
         *     good as the operator.
         */
        get: operations["get_witness_policy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** AcceptedQuote */
        AcceptedQuote: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /**
             * At
             * @description UTC milliseconds, database time.
             */
            at: number;
            /** Bidder No */
            bidder_no: string;
            /**
             * Closes At
             * @description UTC milliseconds, database time.
             */
            closes_at: number;
            /** Seq */
            seq: number;
            /** Stage */
            stage: string;
        };
        /** Advance */
        Advance: {
            /** Enough */
            enough?: boolean | null;
            /** Head Count Commitment */
            head_count_commitment?: string | null;
            /** Leaving */
            leaving: string;
            /**
             * Proved To
             * @description UTC milliseconds, database time.
             */
            proved_to: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "advance";
        };
        /**
         * AnnouncedDocument
         * @description A document that a published lot announced.
         *
         *     `version`: of the last announcement that names it. `size` (bytes) and `media_type` are absent
         *     while its bytes are not kept.
         */
        AnnouncedDocument: {
            /** Kept */
            kept: boolean;
            /** Media Type */
            media_type?: string | null;
            /** Name */
            name: string;
            /** Sha256 */
            sha256: string;
            /** Size */
            size?: number | null;
            /** Version */
            version: number;
        };
        /**
         * Application
         * @description `state`: SUBMITTED, SUPPLEMENT_REQUESTED, ACCEPTED, REFUSED, ADMITTED, LAPSED, REVOKED.
         *
         *     `reason`: why it was refused or revoked.
         */
        Application: {
            /** Application Id */
            application_id: string;
            /** Bidder No */
            bidder_no?: string | null;
            /** Decided At */
            decided_at?: number | null;
            deposit?: components["schemas"]["DepositState"] | null;
            /** Key Ids */
            key_ids: string[];
            lot: components["schemas"]["LotCard"];
            /** Reason */
            reason?: string | null;
            refund?: components["schemas"]["RefundState"] | null;
            /** State */
            state: string;
            /**
             * Submitted At
             * @description UTC milliseconds, database time.
             */
            submitted_at: number;
        };
        /**
         * Apply
         * @description `declared`: the applicant has read the announcement and accepts the rules.
         */
        Apply: {
            /**
             * Declared
             * @constant
             */
            declared: true;
            /** Key Id */
            key_id: string;
        };
        /**
         * BankAnswer
         * @description `duplicate`: this serial was credited before and is only acknowledged again.
         */
        BankAnswer: {
            /** Bank Serial */
            bank_serial: string;
            /** Code */
            code: string;
            /** Duplicate */
            duplicate: boolean;
        };
        /**
         * BankNotice
         * @description A credit as the bank tells it. `bank_time` is the legal time, not the notice's arrival.
         *
         *     Signed: header `Luochui-Bank-Signature: t=<ms>,v1=<hex HMAC-SHA256 of "<t>." + body>`.
         */
        BankNotice: {
            /** Account */
            account: string;
            /**
             * Amount Fen
             * @description A reversal is below 0.
             */
            amount_fen: number;
            /** Bank Serial */
            bank_serial: string;
            /**
             * Bank Time
             * @description UTC milliseconds, database time.
             */
            bank_time: number;
            /** Currency */
            currency: string;
            /** Payer Account */
            payer_account: string;
            /** Payer Name */
            payer_name: string;
        };
        /** BidAccepted */
        BidAccepted: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /** Bidder No */
            bidder_no: string;
            /**
             * Closes At
             * @description UTC milliseconds, database time.
             */
            closes_at: number;
            /**
             * Minimum Next Fen
             * @description Whole fen (0.01 yuan).
             */
            minimum_next_fen: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "bid_accepted";
        };
        /**
         * BidBody
         * @description A bid as it is sent by socket or by POST. `seen_seq`: the last seq on the bidder's screen.
         */
        BidBody: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /** Bid Id */
            bid_id: string;
            /** Jump Confirmed */
            jump_confirmed: boolean;
            /** Key Id */
            key_id: string;
            /** Seen Seq */
            seen_seq: number;
            /**
             * Signature
             * @description 64 bytes, base64.
             */
            signature: string;
        };
        /** BidderEntered */
        BidderEntered: {
            /** Bidder No */
            bidder_no: string;
            /** Join */
            join: boolean;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "bidder_entered";
        };
        /** BidRefused */
        BidRefused: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /** Bidder No */
            bidder_no: string;
            /** Closes At */
            closes_at?: number | null;
            /**
             * Minimum Fen
             * @description Whole fen (0.01 yuan).
             */
            minimum_fen: number;
            /** Reason */
            reason: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "bid_refused";
        };
        /** BidStatus */
        BidStatus: {
            /** Bid Id */
            bid_id: string;
            /**
             * Type
             * @default bid_status
             * @constant
             */
            type: "bid_status";
        };
        /** CapReached */
        CapReached: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /**
             * Closes At
             * @description UTC milliseconds, database time.
             */
            closes_at: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "cap_reached";
        };
        /**
         * CheckResult
         * @description One numbered check of the verifier.
         */
        CheckResult: {
            /** Counted */
            counted: number;
            /** Detail */
            detail?: string | null;
            /** Expected */
            expected?: string | null;
            /** First Seq */
            first_seq?: number | null;
            /** Found */
            found?: string | null;
            /** Name */
            name: string;
            /** Number */
            number: number;
            /**
             * Status
             * @enum {string}
             */
            status: "HELD" | "FAILED" | "NOT_APPLICABLE";
        };
        /** CloseSale */
        CloseSale: {
            /** Any Admitted */
            any_admitted: boolean;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "close_sale";
        };
        /**
         * ConfirmIn
         * @description Confirms the result; approval also seals the log.
         */
        ConfirmIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "CONFIRM";
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "CONFIRMED" | "UNQUALIFIED";
            /** Ruling */
            ruling?: string | null;
        };
        /** ConfirmResult */
        ConfirmResult: {
            /**
             * Approver
             * @description Pseudonym.
             */
            approver: string;
            /** Outcome */
            outcome: string;
            /**
             * Requester
             * @description Pseudonym.
             */
            requester: string;
            /** Ruling */
            ruling?: string | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "confirm_result";
        };
        /**
         * ConsistencyProof
         * @description That the log of `from` entries is a prefix of the one of `to`, after RFC 6962 §2.1.2.
         *
         *     proof: hashes of 32 bytes, base64. checkpoint: the signed note at `to`, cosignatures included.
         */
        ConsistencyProof: {
            /** Checkpoint */
            checkpoint: string;
            /** From */
            from: number;
            /** Log */
            log: string;
            /** Proof */
            proof: string[];
            /** To */
            to: number;
        };
        /**
         * DecidedBid
         * @description One own decided bid, without its proof (ask `bid_status` for the receipt).
         */
        DecidedBid: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /**
             * At
             * @description UTC milliseconds, database time.
             */
            at: number;
            /** Bid Id */
            bid_id: string;
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "accepted" | "refused";
            /** Reason */
            reason?: string | null;
            /**
             * Received At
             * @description UTC milliseconds, database time.
             */
            received_at: number;
            /** Seq */
            seq: number;
        };
        /**
         * Decision
         * @description `reason` is needed for a refusal.
         */
        Decision: {
            /** Accept */
            accept: boolean;
            /** Reason */
            reason?: string | null;
        };
        /**
         * DepositLine
         * @description One bank notice and what became of it.
         */
        DepositLine: {
            /** Account */
            account: string;
            /**
             * Amount Fen
             * @description A reversal is below 0.
             */
            amount_fen: number;
            /** Application Id */
            application_id?: string | null;
            /** Bank Serial */
            bank_serial: string;
            /**
             * Bank Time
             * @description UTC milliseconds, database time.
             */
            bank_time: number;
            /** Code */
            code: string;
            /** Currency */
            currency: string;
            /** Lot Id */
            lot_id?: string | null;
            /** Payer Name */
            payer_name: string;
            /**
             * Received At
             * @description UTC milliseconds, database time.
             */
            received_at: number;
        };
        /**
         * DepositState
         * @description `code` names the case (PENDING, SHORT, PAID, LATE, PAYER_MISMATCH, …); `cure` what to do.
         */
        DepositState: {
            /** Bank Name */
            bank_name: string;
            /** Cause */
            cause: string;
            /** Code */
            code: string;
            /** Cure */
            cure: string;
            /** Currency */
            currency: string;
            /**
             * Deadline
             * @description UTC milliseconds, database time.
             */
            deadline: number;
            /** Last Bank Contact At */
            last_bank_contact_at?: number | null;
            /**
             * Paid Fen
             * @description Whole fen (0.01 yuan).
             */
            paid_fen: number;
            /** Payee Name */
            payee_name: string;
            /** Payer Name */
            payer_name: string;
            /**
             * Required Fen
             * @description Whole fen (0.01 yuan).
             */
            required_fen: number;
            /** Sub Account */
            sub_account: string;
        };
        /** Document */
        Document: {
            /** Name */
            name: string;
            /** Sha256 */
            sha256: string;
        };
        /**
         * Draft
         * @description `state`: DRAFT, SUBMITTED, RELEASED. `reserve`: absent while none is sealed. `kept`: those of
         *     its documents whose bytes are kept.
         */
        Draft: {
            /** Documents */
            documents: components["schemas"]["Document"][];
            /** Drafted By */
            drafted_by: string;
            /**
             * Kept
             * @default []
             */
            kept: components["schemas"]["KeptDocument"][];
            /** Lot Id */
            lot_id: string;
            parcel: components["schemas"]["ParcelFacts"];
            /** Parcel Id */
            parcel_id: string;
            reserve?: components["schemas"]["ReserveSeal"] | null;
            rules: components["schemas"]["RuleSet"];
            /**
             * State
             * @enum {string}
             */
            state: "DRAFT" | "SUBMITTED" | "RELEASED";
            timetable: components["schemas"]["Timetable"];
            /**
             * Updated At
             * @description UTC milliseconds, database time.
             */
            updated_at: number;
            /** Version */
            version: number;
        };
        /** DraftIn */
        DraftIn: {
            /**
             * Documents
             * @default []
             */
            documents: components["schemas"]["Document"][];
            /** Lot Id */
            lot_id: string;
            parcel: components["schemas"]["ParcelFacts"];
            /** Parcel Id */
            parcel_id: string;
            rules: components["schemas"]["RuleSet"];
            timetable: components["schemas"]["Timetable"];
        };
        /**
         * EnrolKey
         * @description A public key made in the browser: SPKI DER in lowercase hex, P-256 or Ed25519.
         */
        EnrolKey: {
            /** Public Key */
            public_key: string;
        };
        /** EnrolledKey */
        EnrolledKey: {
            /**
             * Enrolled At
             * @description UTC milliseconds, database time.
             */
            enrolled_at: number;
            /** Key Id */
            key_id: string;
            /** Public Key */
            public_key: string;
        };
        /**
         * FieldError
         * @description where: the path of the value, e.g. `rules.increment_fen`.
         */
        FieldError: {
            /** Message */
            message: string;
            /** Where */
            where: string;
        };
        /** Finding */
        Finding: {
            /** Figures */
            figures: {
                [key: string]: number;
            };
            /** Rule */
            rule: string;
            /**
             * Severity
             * @enum {string}
             */
            severity: "REFUSE" | "WARN";
        };
        /** HammerFell */
        HammerFell: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /** Bidder No */
            bidder_no: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "hammer_fell";
        };
        /** HeadCount */
        HeadCount: {
            /** Count */
            count: number;
            /** Salt */
            salt: string;
        };
        /** Heartbeat */
        Heartbeat: {
            /** Seq */
            seq: number;
            /**
             * Server Time Ms
             * @description UTC milliseconds, database time.
             */
            server_time_ms: number;
            /**
             * Type
             * @default heartbeat
             * @constant
             */
            type: "heartbeat";
        };
        /** HouseEntry */
        HouseEntry: {
            /**
             * At
             * @description UTC milliseconds, database time.
             */
            at: number;
            /** Command */
            command: components["schemas"]["LotBorn"] | components["schemas"]["RecordAdmission"] | components["schemas"]["RevokeAdmission"] | components["schemas"]["RecordDeposit"] | components["schemas"]["RecordAction"] | components["schemas"]["RecordLook"] | components["schemas"]["RecordKey"] | components["schemas"]["RecordPolicy"] | components["schemas"]["LotSealed"];
            /**
             * Events
             * @default []
             */
            events: unknown[];
            /** Log */
            log: string;
            /** Seq */
            seq: number;
            /**
             * V
             * @default 1
             */
            v: number;
        };
        /**
         * HouseLine
         * @description A house-log entry. `seq` is absent where an entry before it may be withheld.
         */
        HouseLine: {
            /**
             * At
             * @description UTC milliseconds, database time.
             */
            at: number;
            /** Command */
            command: components["schemas"]["LotBorn"] | components["schemas"]["RecordAdmission"] | components["schemas"]["RevokeAdmission"] | components["schemas"]["RecordDeposit"] | components["schemas"]["RecordAction"] | components["schemas"]["RecordLook"] | components["schemas"]["RecordKey"] | components["schemas"]["RecordPolicy"] | components["schemas"]["LotSealed"];
            /** Seq */
            seq?: number | null;
        };
        /**
         * HousePage
         * @description The newest first. `withheld`: lots run whose roll is sealed, and what would tell who takes
         *     part in them, or how many, is left out until their rolls are opened.
         */
        HousePage: {
            /** Items */
            items: components["schemas"]["HouseLine"][];
            /** Next Cursor */
            next_cursor?: string | null;
            /** Withheld */
            withheld: boolean;
        };
        /**
         * IdentityCheck
         * @description `seq`: the house-log entry that says so; absent as in the house log's list.
         */
        IdentityCheck: {
            /**
             * At
             * @description UTC milliseconds, database time.
             */
            at: number;
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "FITS" | "DIFFERS";
            /** Seq */
            seq?: number | null;
        };
        /**
         * IdentityFinding
         * @description What the supervisor found when he compared the openings with the roll.
         */
        IdentityFinding: {
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "FITS" | "DIFFERS";
        };
        /** Interrupt */
        Interrupt: {
            /** Cause */
            cause: string;
            /**
             * From
             * @description UTC milliseconds, database time.
             */
            from: number;
            /**
             * To
             * @description UTC milliseconds, database time.
             */
            to: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "interrupt";
        };
        /** Interrupted */
        Interrupted: {
            /**
             * From
             * @description UTC milliseconds, database time.
             */
            from: number;
            /** Resumes At */
            resumes_at?: number | null;
            /**
             * To
             * @description UTC milliseconds, database time.
             */
            to: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "interrupted";
        };
        /**
         * KeptDocument
         * @description A document whose bytes are kept. `size`: bytes.
         */
        KeptDocument: {
            /** Media Type */
            media_type: string;
            /** Sha256 */
            sha256: string;
            /** Size */
            size: number;
            /**
             * Uploaded At
             * @description UTC milliseconds, database time.
             */
            uploaded_at: number;
        };
        /** Limits */
        Limits: {
            /** Bids Per S */
            bids_per_s: number;
            /** Frame Bytes */
            frame_bytes: number;
            /** Frames Per S */
            frames_per_s: number;
        };
        /**
         * LogAnchors
         * @description What outsiders say of one log. `quorum_size`: its newest head with the policy's quorum, 0
         *     while there is none, absent without a policy; `quorum_newest`: whether that is the present one.
         *     `halted`: why this process signs it no more. The sizes of the house log are absent while a lot
         *     is running: they would count its admissions and deposits.
         */
        LogAnchors: {
            /** Halted */
            halted?: string | null;
            /** Log */
            log: string;
            /** Quorum Newest */
            quorum_newest?: boolean | null;
            /** Quorum Size */
            quorum_size?: number | null;
            /** Size */
            size?: number | null;
            /** Stamped */
            stamped: number;
            /** Stamps Pending */
            stamps_pending: components["schemas"]["PendingStamp"][];
            /** Witnesses */
            witnesses: components["schemas"]["WitnessMark"][];
        };
        /** LogSealed */
        LogSealed: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "log_sealed";
        };
        /**
         * LookLine
         * @description Someone looked at sealed data: who (pseudonym), at which field of what, why, when.
         */
        LookLine: {
            /**
             * At
             * @description UTC milliseconds, database time.
             */
            at: number;
            /** Field */
            field: string;
            /**
             * Official
             * @description Pseudonym.
             */
            official: string;
            /** Reason */
            reason: string;
            /** Seq */
            seq?: number | null;
            /** Subject */
            subject: string;
        };
        /**
         * LookPage
         * @description The newest first; `withheld` as in the house log.
         */
        LookPage: {
            /** Items */
            items: components["schemas"]["LookLine"][];
            /** Next Cursor */
            next_cursor?: string | null;
            /** Withheld */
            withheld: boolean;
        };
        /**
         * LotBorn
         * @description leaf_hash: of entry 0 of the lot's log.
         */
        LotBorn: {
            /** Leaf Hash */
            leaf_hash: string;
            /** Lot Id */
            lot_id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "lot_born";
        };
        /** LotCard */
        LotCard: {
            /** Deposit */
            deposit: {
                [key: string]: number;
            };
            /**
             * Increment Fen
             * @description Whole fen (0.01 yuan).
             */
            increment_fen: number;
            /** Lot Id */
            lot_id: string;
            /** Method */
            method: string;
            parcel: components["schemas"]["ParcelFacts"];
            /** Price Unit */
            price_unit: string;
            /**
             * Starting Price Fen
             * @description Whole fen (0.01 yuan).
             */
            starting_price_fen: number;
            state: components["schemas"]["LotFields"];
            timetable: components["schemas"]["Timetable"];
        };
        /**
         * LotEntry
         * @description One command and what the rules decided; `seq` is its index in the tree of `log`.
         */
        LotEntry: {
            /**
             * At
             * @description UTC milliseconds, database time.
             */
            at: number;
            /** Command */
            command: components["schemas"]["PublishLot"] | components["schemas"]["SupplementLot"] | components["schemas"]["Advance"] | components["schemas"]["schemas__log__OptIn"] | components["schemas"]["schemas__log__PlaceBid"] | components["schemas"]["Suspend"] | components["schemas"]["Resume"] | components["schemas"]["Interrupt"] | components["schemas"]["Terminate"] | components["schemas"]["OpenReserve"] | components["schemas"]["CloseSale"] | components["schemas"]["OpenRoll"] | components["schemas"]["ConfirmResult"] | components["schemas"]["SealLog"];
            /** Events */
            events: (components["schemas"]["LotPublished"] | components["schemas"]["LotSupplemented"] | components["schemas"]["StageChanged"] | components["schemas"]["BidderEntered"] | components["schemas"]["BidAccepted"] | components["schemas"]["BidRefused"] | components["schemas"]["CapReached"] | components["schemas"]["Suspended"] | components["schemas"]["Interrupted"] | components["schemas"]["Resumed"] | components["schemas"]["ReserveOpened"] | components["schemas"]["HammerFell"] | components["schemas"]["LotSold"] | components["schemas"]["LotFailed"] | components["schemas"]["LotTerminated"] | components["schemas"]["ResultDisputed"] | components["schemas"]["RollOpened"] | components["schemas"]["ResultConfirmed"] | components["schemas"]["LogSealed"])[];
            /** Log */
            log: string;
            /** Seq */
            seq: number;
            /**
             * V
             * @default 1
             */
            v: number;
        };
        /** LotFailed */
        LotFailed: {
            /** Reason */
            reason: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "lot_failed";
        };
        /**
         * LotFields
         * @description The lot as everyone may see it.
         *
         *     opens_at: in ANNOUNCED, when bidding begins. resumes_at: while suspended, when the sale
         *     goes on by itself. result: only after the hammer.
         */
        LotFields: {
            /** Accepted */
            accepted: number;
            /** Closes At */
            closes_at?: number | null;
            /** Control */
            control: string;
            /**
             * Disputed
             * @default false
             */
            disputed: boolean;
            /** Extensions */
            extensions: number;
            /** Failed Reason */
            failed_reason?: string | null;
            /**
             * Increment Fen
             * @description Whole fen (0.01 yuan).
             */
            increment_fen: number;
            /** Leader No */
            leader_no?: string | null;
            /**
             * Minimum Bid Fen
             * @description Whole fen (0.01 yuan).
             */
            minimum_bid_fen: number;
            /** Opens At */
            opens_at?: number | null;
            /** Price Fen */
            price_fen?: number | null;
            /** Reserve Met */
            reserve_met?: boolean | null;
            /** Resumes At */
            resumes_at?: number | null;
            /**
             * Sealed
             * @default false
             */
            sealed: boolean;
            /** Stage */
            stage: string;
            /** Suspend Cause */
            suspend_cause?: string | null;
            /** Total Fen */
            total_fen?: number | null;
            /** Winner No */
            winner_no?: string | null;
        };
        /**
         * LotIdentities
         * @description `log`: the origin that the commitments name. `check`: as last recorded.
         */
        LotIdentities: {
            check?: components["schemas"]["IdentityCheck"] | null;
            /** Items */
            items: components["schemas"]["OpenedIdentity"][];
            /** Log */
            log: string;
            /** Lot Id */
            lot_id: string;
        };
        /**
         * LotPage
         * @description `log`: the origin of its log. `winner_name`: published with the confirmed result.
         */
        LotPage: {
            /** Deposit */
            deposit: {
                [key: string]: number;
            };
            /** Documents */
            documents: components["schemas"]["Document"][];
            /**
             * Increment Fen
             * @description Whole fen (0.01 yuan).
             */
            increment_fen: number;
            /** Log */
            log: string;
            /** Lot Id */
            lot_id: string;
            /** Method */
            method: string;
            parcel: components["schemas"]["ParcelFacts"];
            /** Price Unit */
            price_unit: string;
            /** Reserve Commitment */
            reserve_commitment: string;
            rules: components["schemas"]["RuleSet"];
            /**
             * Starting Price Fen
             * @description Whole fen (0.01 yuan).
             */
            starting_price_fen: number;
            state: components["schemas"]["LotFields"];
            timetable: components["schemas"]["Timetable"];
            /** Version */
            version: number;
            /** Winner Name */
            winner_name?: string | null;
        };
        /** LotPublished */
        LotPublished: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "lot_published";
        };
        /**
         * LotSealed
         * @description The final checkpoint of a lot's log: its size and root.
         */
        LotSealed: {
            /** Lot Id */
            lot_id: string;
            /** Root */
            root: string;
            /** Size */
            size: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "lot_sealed";
        };
        /** LotSold */
        LotSold: {
            /**
             * Total Fen
             * @description Whole fen (0.01 yuan).
             */
            total_fen: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "lot_sold";
        };
        /** LotSupplemented */
        LotSupplemented: {
            /** Postponed */
            postponed: boolean;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "lot_supplemented";
            /** Version */
            version: number;
        };
        /** LotTerminated */
        LotTerminated: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "lot_terminated";
        };
        /** Me */
        Me: {
            /** Account Id */
            account_id: string;
            /** Display Name */
            display_name: string;
            /** Roles */
            roles: ("bidder" | "publisher" | "approver" | "reviewer" | "finance" | "supervisor" | "admin")[];
            /** Username */
            username: string;
        };
        /**
         * Method
         * @enum {string}
         */
        Method: "LISTING" | "AUCTION";
        /**
         * Notice
         * @description code: SUSPENDED, INTERRUPTED, RESUMED, TERMINATED, SUPPLEMENTED, WARNING, STAGE, BROADCAST.
         *
         *     params: plain strings and integers that the client puts into its own sentence.
         */
        Notice: {
            /**
             * At
             * @description UTC milliseconds, database time.
             */
            at: number;
            /** Code */
            code: string;
            /** Params */
            params: {
                [key: string]: string | number;
            };
            /**
             * Type
             * @default notice
             * @constant
             */
            type: "notice";
        };
        /**
         * OfficeApplication
         * @description What a reviewer may see: the applicant, never the bidder number.
         */
        OfficeApplication: {
            /** Applicant */
            applicant: string;
            /** Application Id */
            application_id: string;
            /** Id Number */
            id_number: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "COMPANY" | "PERSON";
            /** Lot Id */
            lot_id: string;
            /** Reason */
            reason?: string | null;
            /** State */
            state: string;
            /**
             * Submitted At
             * @description UTC milliseconds, database time.
             */
            submitted_at: number;
            /** Title */
            title: string;
        };
        /**
         * OfficeLot
         * @description A row of the console: no identities, no head count before the end.
         */
        OfficeLot: {
            /** Bidding Path Proved To */
            bidding_path_proved_to?: number | null;
            /** Lot Id */
            lot_id: string;
            /** Method */
            method: string;
            reserve_wait?: components["schemas"]["ReserveWait"] | null;
            state: components["schemas"]["LotFields"];
            timetable: components["schemas"]["Timetable"];
            /** Title */
            title: string;
        };
        /**
         * OfficeRequest
         * @description One person's request for an official action, done when another approves it.
         */
        OfficeRequest: {
            /** Action */
            action: components["schemas"]["SuspendIn"] | components["schemas"]["ResumeIn"] | components["schemas"]["TerminateIn"] | components["schemas"]["ConfirmIn"] | components["schemas"]["SealIn"] | components["schemas"]["RevokeIn"];
            /** Approved By */
            approved_by?: string | null;
            /** Lot Id */
            lot_id: string;
            /** Outcome */
            outcome?: string | null;
            /** Request Id */
            request_id: string;
            /**
             * Requested At
             * @description UTC milliseconds, database time.
             */
            requested_at: number;
            /** Requested By */
            requested_by: string;
            /**
             * State
             * @enum {string}
             */
            state: "PENDING" | "DONE" | "WITHDRAWN" | "REFUSED";
        };
        /**
         * OpenedIdentity
         * @description What opens one identity commitment of a roll; without `salt` it was destroyed after its term.
         *
         *     The committed value is {id_number, kind, name} (the bid-log specification, §5).
         */
        OpenedIdentity: {
            /** Bidder No */
            bidder_no: string;
            /** Commitment */
            commitment: string;
            /** Id Number */
            id_number?: string | null;
            /** Kind */
            kind?: ("COMPANY" | "PERSON") | null;
            /** Name */
            name?: string | null;
            /** Salt */
            salt?: string | null;
        };
        /** OpenReserve */
        OpenReserve: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /** Has Reserve */
            has_reserve: boolean;
            /** Salt */
            salt: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "open_reserve";
        };
        /** OpenRoll */
        OpenRoll: {
            /** Head Counts */
            head_counts: components["schemas"]["HeadCount"][];
            /** Roll */
            roll: components["schemas"]["RollRow"][];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "open_roll";
        };
        /**
         * OptedIn
         * @description The logged answer to `opt_in`.
         */
        OptedIn: {
            /**
             * At
             * @description UTC milliseconds, database time.
             */
            at: number;
            /** Join */
            join: boolean;
            /** Seq */
            seq: number;
            /**
             * Type
             * @default opted_in
             * @constant
             */
            type: "opted_in";
        };
        /**
         * OptInBody
         * @description The answer to the question of the opt-in window, by socket or by POST.
         */
        OptInBody: {
            /** Join */
            join: boolean;
        };
        /** Page[AcceptedQuote] */
        Page_AcceptedQuote_: {
            /** Items */
            items: components["schemas"]["AcceptedQuote"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[AnnouncedDocument] */
        Page_AnnouncedDocument_: {
            /** Items */
            items: components["schemas"]["AnnouncedDocument"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[Application] */
        Page_Application_: {
            /** Items */
            items: components["schemas"]["Application"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[DepositLine] */
        Page_DepositLine_: {
            /** Items */
            items: components["schemas"]["DepositLine"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[Draft] */
        Page_Draft_: {
            /** Items */
            items: components["schemas"]["Draft"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[EnrolledKey] */
        Page_EnrolledKey_: {
            /** Items */
            items: components["schemas"]["EnrolledKey"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[LogAnchors] */
        Page_LogAnchors_: {
            /** Items */
            items: components["schemas"]["LogAnchors"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[LotCard] */
        Page_LotCard_: {
            /** Items */
            items: components["schemas"]["LotCard"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[LotEntry] */
        Page_LotEntry_: {
            /** Items */
            items: components["schemas"]["LotEntry"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[OfficeApplication] */
        Page_OfficeApplication_: {
            /** Items */
            items: components["schemas"]["OfficeApplication"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[OfficeLot] */
        Page_OfficeLot_: {
            /** Items */
            items: components["schemas"]["OfficeLot"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[OfficeRequest] */
        Page_OfficeRequest_: {
            /** Items */
            items: components["schemas"]["OfficeRequest"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[Parcel] */
        Page_Parcel_: {
            /** Items */
            items: components["schemas"]["Parcel"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[RefundOrder] */
        Page_RefundOrder_: {
            /** Items */
            items: components["schemas"]["RefundOrder"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** Page[Template] */
        Page_Template_: {
            /** Items */
            items: components["schemas"]["Template"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * Parcel
         * @description A parcel of the land bank: real published facts; sums as announced, if announced.
         */
        Parcel: {
            /** Deposit Fen */
            deposit_fen?: number | null;
            facts: components["schemas"]["ParcelFacts"];
            /** Increment Fen */
            increment_fen?: number | null;
            /** Method */
            method?: string | null;
            /** Parcel Id */
            parcel_id: string;
            /** Source */
            source: string;
            /** Starting Price Fen */
            starting_price_fen?: number | null;
        };
        /** ParcelFacts */
        ParcelFacts: {
            /** Area Centi M2 */
            area_centi_m2: number;
            /** Attempt No */
            attempt_no: number;
            /** Facts */
            facts: {
                [key: string]: string;
            };
            /** Floor Area Centi M2 */
            floor_area_centi_m2?: number | null;
            /** Land Use */
            land_use: string;
            /** Land Use Class */
            land_use_class: string;
            /** Parcel No */
            parcel_no: string;
            /** Term Years */
            term_years: number;
            /** Title */
            title: string;
        };
        /**
         * PendingStamp
         * @description A head that still waits for its timestamp; `said`: why.
         */
        PendingStamp: {
            /** Moments */
            moments: string[];
            /** Said */
            said?: string | null;
            /** Size */
            size: number;
            /** Tries */
            tries: number;
            /**
             * Wanted At
             * @description UTC milliseconds, database time.
             */
            wanted_at: number;
        };
        /**
         * Ping
         * @description t0: the client's own clock (ms), returned untouched.
         */
        Ping: {
            /** T0 */
            t0: number;
            /**
             * Type
             * @default ping
             * @constant
             */
            type: "ping";
        };
        /**
         * Pong
         * @description t0: the client's; t1, t2: server receive and send times (ms).
         */
        Pong: {
            /** T0 */
            t0: number;
            /**
             * T1
             * @description UTC milliseconds, database time.
             */
            t1: number;
            /**
             * T2
             * @description UTC milliseconds, database time.
             */
            t2: number;
            /**
             * Type
             * @default pong
             * @constant
             */
            type: "pong";
        };
        /** Preflight */
        Preflight: {
            /** Findings */
            findings: components["schemas"]["Finding"][];
            /** Releasable */
            releasable: boolean;
        };
        /** Problem */
        Problem: {
            /** Bid Id */
            bid_id?: string | null;
            code: components["schemas"]["ProblemCode"];
            /** Detail */
            detail: string;
            /**
             * Type
             * @default problem
             * @constant
             */
            type: "problem";
        };
        /**
         * ProblemCode
         * @enum {string}
         */
        ProblemCode: "malformed" | "too_large" | "unknown_type" | "rate_limited" | "origin_refused" | "not_found" | "method_not_allowed" | "unsupported_media_type" | "internal" | "unavailable" | "not_signed_in" | "wrong_password" | "locked_out" | "not_allowed" | "username_taken" | "weak_password" | "version_missing" | "version_changed" | "idempotency_key_missing" | "idempotency_key_reused" | "four_eyes" | "wrong_state" | "preflight_failed" | "refused_by_rules" | "lot_id_taken" | "not_admitted" | "bid_id_reused" | "bad_signature" | "unknown_key" | "unknown_bid" | "not_yet_confirmed" | "busy" | "clock_unsure" | "registration_closed" | "already_applied" | "blocked_bidder" | "bad_bank_signature" | "not_ended";
        /**
         * ProblemDetails
         * @description RFC 9457. `figures` are the integers that explain the refusal; `trace` names the request.
         */
        ProblemDetails: {
            code: components["schemas"]["ProblemCode"];
            /** Detail */
            detail: string;
            /** Errors */
            errors?: components["schemas"]["FieldError"][] | null;
            /** Figures */
            figures?: {
                [key: string]: number;
            } | null;
            /**
             * Reason
             * @description The rules' own name of the refusal.
             */
            reason?: string | null;
            /** Status */
            status: number;
            /** Title */
            title: string;
            /** Trace */
            trace: string;
            /**
             * Type
             * @example urn:luochui:problem:version_changed
             */
            type: string;
        };
        /** PublishLot */
        PublishLot: {
            /**
             * Approver
             * @description Pseudonym.
             */
            approver: string;
            /** Documents */
            documents: components["schemas"]["Document"][];
            lot: components["schemas"]["ParcelFacts"];
            /**
             * Requester
             * @description Pseudonym.
             */
            requester: string;
            /** Reserve Commitment */
            reserve_commitment: string;
            rules: components["schemas"]["RuleSet"];
            /** Rules Version */
            rules_version: number;
            /** Suite */
            suite: string;
            timetable: components["schemas"]["Timetable"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "publish_lot";
        };
        /**
         * Receipt
         * @description The answer to one bid, to its bidder alone. `proof` is a C2SP tlog-proof with the entry.
         */
        Receipt: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /**
             * At
             * @description UTC milliseconds, database time.
             */
            at: number;
            /** Bid Id */
            bid_id: string;
            /** Closes At */
            closes_at?: number | null;
            /**
             * Minimum Bid Fen
             * @description Whole fen (0.01 yuan).
             */
            minimum_bid_fen: number;
            /**
             * Outcome
             * @enum {string}
             */
            outcome: "accepted" | "refused";
            /** Proof */
            proof: string;
            /** Reason */
            reason?: string | null;
            /**
             * Received At
             * @description UTC milliseconds, database time.
             */
            received_at: number;
            /** Seq */
            seq: number;
            /**
             * Type
             * @default receipt
             * @constant
             */
            type: "receipt";
        };
        /**
         * RecordAction
         * @description An official's action outside a lot's log.
         */
        RecordAction: {
            /** Action */
            action: string;
            /** Approver */
            approver?: string | null;
            /**
             * Requester
             * @description Pseudonym.
             */
            requester: string;
            /** Subject */
            subject: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "record_action";
        };
        /**
         * RecordAdmission
         * @description A bidder was admitted, or an admitted bidder enrolled one more key.
         */
        RecordAdmission: {
            /** Bidder No */
            bidder_no: string;
            /** Identity Commitment */
            identity_commitment: string;
            /** Key Id */
            key_id: string;
            /** Lot Id */
            lot_id: string;
            /** Public Key */
            public_key: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "record_admission";
        };
        /**
         * RecordDeposit
         * @description A deposit decision; who paid stays behind the commitment.
         */
        RecordDeposit: {
            /** Decision */
            decision: string;
            /** Deposit Commitment */
            deposit_commitment: string;
            /** Lot Id */
            lot_id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "record_deposit";
        };
        /**
         * RecordKey
         * @description The log key (C2SP vkey) that signs this site's logs from now on, or no longer does.
         */
        RecordKey: {
            /**
             * Change
             * @enum {string}
             */
            change: "INTRODUCED" | "RETIRED";
            /** Reason */
            reason?: string | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "record_key";
            /** Vkey */
            vkey: string;
        };
        /**
         * RecordLook
         * @description Someone looked at sealed data: which field, of what, why.
         */
        RecordLook: {
            /** Field */
            field: string;
            /** Reason */
            reason: string;
            /**
             * Requester
             * @description Pseudonym.
             */
            requester: string;
            /** Subject */
            subject: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "record_look";
        };
        /**
         * RecordPolicy
         * @description The witness policy that holds from now on: SHA-256 of its file, of nothing when there is
         *     none.
         */
        RecordPolicy: {
            /** Reason */
            reason?: string | null;
            /** Sha256 */
            sha256: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "record_policy";
        };
        /** RefundOrder */
        RefundOrder: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /** Application Id */
            application_id: string;
            /** Bank Reference */
            bank_reference?: string | null;
            /** Currency */
            currency: string;
            /**
             * Due At
             * @description UTC milliseconds, database time.
             */
            due_at: number;
            /** Lot Id */
            lot_id: string;
            /**
             * Ordered At
             * @description UTC milliseconds, database time.
             */
            ordered_at: number;
            /** Refund Id */
            refund_id: string;
            /**
             * State
             * @enum {string}
             */
            state: "ORDERED" | "SENT" | "PAID" | "FAILED";
            /** To Account */
            to_account: string;
            /** To Name */
            to_name: string;
        };
        /** RefundResult */
        RefundResult: {
            /** Bank Reference */
            bank_reference: string;
            /**
             * State
             * @enum {string}
             */
            state: "SENT" | "PAID" | "FAILED";
        };
        /** RefundState */
        RefundState: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /** Bank Reference */
            bank_reference?: string | null;
            /** Currency */
            currency: string;
            /**
             * Ordered At
             * @description UTC milliseconds, database time.
             */
            ordered_at: number;
            /**
             * State
             * @enum {string}
             */
            state: "ORDERED" | "SENT" | "PAID" | "FAILED";
        };
        /**
         * Register
         * @description A new bidder. `payer_name`: the name on the bank account deposits will come from.
         */
        Register: {
            /** Display Name */
            display_name: string;
            /**
             * Id Number
             * @description 统一社会信用代码 or identity card number.
             */
            id_number: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "COMPANY" | "PERSON";
            /** Password */
            password: string;
            /** Username */
            username: string;
        };
        /**
         * ReserveHalfIn
         * @description One half of the reserve's key: 32 bytes of lowercase hex.
         */
        ReserveHalfIn: {
            /** Half */
            half: string;
        };
        /** ReserveOpened */
        ReserveOpened: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /** Met */
            met: boolean;
            /** Salt */
            salt: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "reserve_opened";
        };
        /**
         * ReserveSeal
         * @description `holders`: pseudonyms of who holds the first half and who holds the second.
         */
        ReserveSeal: {
            /** Commitment */
            commitment: string;
            /** Holders */
            holders: string[];
            /**
             * Sealed At
             * @description UTC milliseconds, database time.
             */
            sealed_at: number;
        };
        /**
         * ReserveWait
         * @description A sale in CLOSING that waits for the two halves which open its reserve.
         *
         *     `given`: how many are in. `yours`: whether the half of the official who asks is in; absent when
         *     he holds none. `late`: the RuleSet's `reserve_window_min` is over, which is said and changes
         *     nothing. `broken`: why the two halves, both in, do not open what was sealed.
         */
        ReserveWait: {
            /** Broken */
            broken?: string | null;
            /**
             * Due At
             * @description UTC milliseconds, database time.
             */
            due_at: number;
            /** Given */
            given: number;
            /** Holders */
            holders: string[];
            /** Late */
            late: boolean;
            /** Yours */
            yours?: ("WAITED_FOR" | "GIVEN") | null;
        };
        /** ResultConfirmed */
        ResultConfirmed: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "result_confirmed";
        };
        /** ResultDisputed */
        ResultDisputed: {
            /** Bid Id */
            bid_id: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "result_disputed";
        };
        /** Resume */
        Resume: {
            /**
             * Announced At
             * @description UTC milliseconds, database time.
             */
            announced_at: number;
            /** Approver */
            approver?: string | null;
            /** Requester */
            requester?: string | null;
            timetable?: components["schemas"]["Timetable"] | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "resume";
        };
        /** Resumed */
        Resumed: {
            /** Closes At */
            closes_at?: number | null;
            timetable?: components["schemas"]["Timetable"] | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "resumed";
        };
        /**
         * ResumeIn
         * @description The resumption counts as announced when it is requested.
         */
        ResumeIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "RESUME";
            timetable?: components["schemas"]["Timetable"] | null;
        };
        /** ResumeNotice */
        ResumeNotice: {
            /** At Once Within S */
            at_once_within_s: number;
            /** Notice S */
            notice_s: number;
        };
        /**
         * Resync
         * @description Asks for what was decided after `after_seq`, or a snapshot when that is too far back.
         */
        Resync: {
            /** After Seq */
            after_seq: number;
            /**
             * Type
             * @default resync
             * @constant
             */
            type: "resync";
        };
        /**
         * Revocation
         * @description Why an admission is to be taken back. `text`: what the bidder is told.
         */
        Revocation: {
            /**
             * Cause
             * @enum {string}
             */
            cause: "FALSE_DOCUMENTS" | "COLLUSION" | "BLOCKED" | "DOCUMENTS_MISSING" | "NOT_QUALIFIED" | "OTHER";
            /** Text */
            text: string;
        };
        /** RevokeAdmission */
        RevokeAdmission: {
            /** Bidder No */
            bidder_no: string;
            /** Lot Id */
            lot_id: string;
            /** Reason */
            reason: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "revoke_admission";
        };
        /**
         * RevokeIn
         * @description Takes the admission of an application back; asked for at the application itself.
         */
        RevokeIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "REVOKE";
            /** Application Id */
            application_id: string;
            /**
             * Cause
             * @enum {string}
             */
            cause: "FALSE_DOCUMENTS" | "COLLUSION" | "BLOCKED" | "DOCUMENTS_MISSING" | "NOT_QUALIFIED" | "OTHER";
            /** Text */
            text: string;
        };
        /** RollOpened */
        RollOpened: {
            /** Bidders */
            bidders: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "roll_opened";
        };
        /** RollRow */
        RollRow: {
            /** Admission */
            admission: number;
            /** Bidder No */
            bidder_no: string;
            /** Identity Commitment */
            identity_commitment: string;
            /** Key Id */
            key_id: string;
            /** Public Key */
            public_key: string;
        };
        /**
         * RuleSet
         * @description Every rule of this sale (rules §4). Prices in fen per `price_unit`.
         */
        RuleSet: {
            /** Cap Mode */
            cap_mode: string;
            /** Confirm Jump Steps */
            confirm_jump_steps?: number | null;
            /** Contract Days */
            contract_days: number;
            /** Countdown S */
            countdown_s: number;
            /** Day Count */
            day_count: string;
            /** Day Ms */
            day_ms: number;
            /** Deposit */
            deposit: {
                [key: string]: number;
            };
            /** Deposit Percent */
            deposit_percent: number;
            /** Drain Ms */
            drain_ms: number;
            /** Entry Rule */
            entry_rule: string;
            /** Extension */
            extension: string;
            /** Free Min */
            free_min: number;
            /** Grid */
            grid: string;
            /** Guarantee Allowed */
            guarantee_allowed: boolean;
            /**
             * Increment Fen
             * @description Whole fen (0.01 yuan).
             */
            increment_fen: number;
            /** Increment Live Fen */
            increment_live_fen?: number | null;
            /** Increment Unit */
            increment_unit: string;
            /** Joint Allowed */
            joint_allowed: boolean;
            /** Listing Days */
            listing_days: number;
            /** Live Trigger */
            live_trigger: string;
            /** Max Jump Steps */
            max_jump_steps?: number | null;
            /** Max Live Min */
            max_live_min?: number | null;
            /** Method */
            method: string;
            /** Min Bidders */
            min_bidders: number;
            /** Minute Ms */
            minute_ms: number;
            /** Natural Person Allowed */
            natural_person_allowed: boolean;
            /** Notice Days */
            notice_days: number;
            /** On Shortfall */
            on_shortfall: string;
            /** Outage Gap S */
            outage_gap_s: number;
            /** Outage Notice S */
            outage_notice_s: number;
            /** Outage Resume */
            outage_resume: string;
            /** Price Cap Fen */
            price_cap_fen?: number | null;
            /**
             * Price Quantum Fen
             * @description Whole fen (0.01 yuan).
             */
            price_quantum_fen: number;
            /** Price Unit */
            price_unit: string;
            /** Publicity Days */
            publicity_days: number;
            /** Qualification */
            qualification: string;
            /** Quiet Min */
            quiet_min: number;
            /** Ready Min */
            ready_min: number;
            /** Refund Days */
            refund_days: number;
            /** Registration Gap Days */
            registration_gap_days: number;
            /** Reserve */
            reserve: string;
            /** Reserve Window Min */
            reserve_window_min: number;
            /** Rounding */
            rounding: string;
            /** Self Outbid */
            self_outbid: string;
            /**
             * Starting Price Fen
             * @description Whole fen (0.01 yuan).
             */
            starting_price_fen: number;
            suspend_rule: components["schemas"]["ResumeNotice"];
            /** Template */
            template: string;
            /** Waivers */
            waivers: {
                [key: string]: string;
            };
            /** Warnings S */
            warnings_s: number[];
        };
        /**
         * RulesSummary
         * @description What the bid box needs to know; the whole RuleSet stands on the lot's page.
         */
        RulesSummary: {
            /** Area Centi M2 */
            area_centi_m2: number;
            /** Confirm Jump Steps */
            confirm_jump_steps?: number | null;
            /** Countdown S */
            countdown_s: number;
            /** Drain Ms */
            drain_ms: number;
            /** Entry Rule */
            entry_rule: string;
            /** Extension */
            extension: string;
            /** Floor Area Centi M2 */
            floor_area_centi_m2?: number | null;
            /** Grid */
            grid: string;
            /** Land Use */
            land_use: string;
            /** Max Jump Steps */
            max_jump_steps?: number | null;
            /** Method */
            method: string;
            /** Parcel No */
            parcel_no: string;
            /** Price Cap Fen */
            price_cap_fen?: number | null;
            /**
             * Price Quantum Fen
             * @description Whole fen (0.01 yuan).
             */
            price_quantum_fen: number;
            /** Price Unit */
            price_unit: string;
            /** Reserve */
            reserve?: string | null;
            /** Self Outbid */
            self_outbid: string;
            /**
             * Starting Price Fen
             * @description Whole fen (0.01 yuan).
             */
            starting_price_fen: number;
            /** Title */
            title: string;
            /** Warnings S */
            warnings_s: number[];
        };
        /** OptIn */
        schemas__live__OptIn: {
            /** Join */
            join: boolean;
            /**
             * Type
             * @default opt_in
             * @constant
             */
            type: "opt_in";
        };
        /** PlaceBid */
        schemas__live__PlaceBid: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /** Bid Id */
            bid_id: string;
            /** Jump Confirmed */
            jump_confirmed: boolean;
            /** Key Id */
            key_id: string;
            /** Seen Seq */
            seen_seq: number;
            /**
             * Signature
             * @description 64 bytes, base64.
             */
            signature: string;
            /**
             * Type
             * @default place_bid
             * @constant
             */
            type: "place_bid";
        };
        /** OptIn */
        schemas__log__OptIn: {
            /** Admission */
            admission: number;
            /** Bidder No */
            bidder_no: string;
            /** Join */
            join: boolean;
            /**
             * Received At
             * @description UTC milliseconds, database time.
             */
            received_at: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "opt_in";
        };
        /** PlaceBid */
        schemas__log__PlaceBid: {
            /** Admission */
            admission?: number | null;
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /** Bid Id */
            bid_id: string;
            /** Bidder No */
            bidder_no: string;
            /** Jump Confirmed */
            jump_confirmed: boolean;
            /** Key Id */
            key_id: string;
            /**
             * Received At
             * @description UTC milliseconds, database time.
             */
            received_at: number;
            /** Seen Seq */
            seen_seq: number;
            /**
             * Signature
             * @description 64 bytes, base64.
             */
            signature: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "place_bid";
        };
        /** SealIn */
        SealIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "SEAL";
        };
        /** SealLog */
        SealLog: {
            /**
             * Approver
             * @description Pseudonym.
             */
            approver: string;
            /**
             * Requester
             * @description Pseudonym.
             */
            requester: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "seal_log";
        };
        /**
         * SealReserveIn
         * @description A reserve, or that there is none, encrypted in the browser under two halves of a key.
         *
         *     The service gets the hash of each half and no half. `second`: another official, who signs in
         *     for this one act and takes the second half away.
         */
        SealReserveIn: {
            /** Ciphertext */
            ciphertext: string;
            /** Commitment */
            commitment: string;
            /** Half Hashes */
            half_hashes: string[];
            /** Nonce */
            nonce: string;
            second: components["schemas"]["SignIn"];
        };
        /** SignIn */
        SignIn: {
            /** Password */
            password: string;
            /** Username */
            username: string;
        };
        /** SiteInfo */
        SiteInfo: {
            /** Demo */
            demo: boolean;
            /**
             * Document Bytes
             * @description The size that one announced document may have.
             */
            document_bytes: number;
            /**
             * Log Vkey
             * @description C2SP verifier key of every log of this site.
             */
            log_vkey: string;
            /** Site */
            site: string;
            /** Version */
            version: string;
        };
        /**
         * Snapshot
         * @description Full state. `seq` is the last decided entry; `yours` is there for a bidder only.
         */
        Snapshot: {
            /**
             * At
             * @description UTC milliseconds, database time.
             */
            at: number;
            /** Log */
            log: string;
            lot: components["schemas"]["LotFields"];
            /** Lot Id */
            lot_id: string;
            /** Recent */
            recent: components["schemas"]["AcceptedQuote"][];
            rules: components["schemas"]["RulesSummary"];
            /** Seq */
            seq: number;
            /**
             * Type
             * @default snapshot
             * @constant
             */
            type: "snapshot";
            /** Yours */
            yours?: components["schemas"]["DecidedBid"][] | null;
        };
        /**
         * Stage
         * @enum {string}
         */
        Stage: "ANNOUNCED" | "LISTING" | "QUIET" | "READY" | "TIMED" | "CLOSING" | "SOLD" | "FAILED";
        /** StageChanged */
        StageChanged: {
            /** Closes At */
            closes_at?: number | null;
            /** From */
            from: string;
            /** To */
            to: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "stage_changed";
        };
        /** SupplementLot */
        SupplementLot: {
            /**
             * Approver
             * @description Pseudonym.
             */
            approver: string;
            /** Documents */
            documents: components["schemas"]["Document"][];
            /** Price Relevant */
            price_relevant: boolean;
            /**
             * Requester
             * @description Pseudonym.
             */
            requester: string;
            rules: components["schemas"]["RuleSet"];
            /** Text */
            text: string;
            timetable: components["schemas"]["Timetable"];
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "supplement_lot";
        };
        /** Suspend */
        Suspend: {
            /** Approver */
            approver?: string | null;
            /** Cause */
            cause: string;
            /** Emergency */
            emergency: boolean;
            /**
             * Requester
             * @description Pseudonym.
             */
            requester: string;
            /** Text */
            text: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "suspend";
        };
        /** Suspended */
        Suspended: {
            /** Cause */
            cause: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "suspended";
        };
        /** SuspendIn */
        SuspendIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "SUSPEND";
            /** Cause */
            cause: string;
            /**
             * Emergency
             * @default false
             */
            emergency: boolean;
            /** Text */
            text: string;
        };
        /**
         * Template
         * @description A RuleSet to start from; its prices are zero.
         */
        Template: {
            /** Name */
            name: string;
            rules: components["schemas"]["RuleSet"];
        };
        /** Terminate */
        Terminate: {
            /**
             * Approver
             * @description Pseudonym.
             */
            approver: string;
            /** Cause */
            cause: string;
            /**
             * Requester
             * @description Pseudonym.
             */
            requester: string;
            /** Text */
            text: string;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "terminate";
        };
        /** TerminateIn */
        TerminateIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "TERMINATE";
            /** Cause */
            cause: string;
            /** Text */
            text: string;
        };
        /** Timetable */
        Timetable: {
            /**
             * Announced At
             * @description UTC milliseconds, database time.
             */
            announced_at: number;
            /** Auction From */
            auction_from?: number | null;
            /**
             * Deposit Deadline
             * @description UTC milliseconds, database time.
             */
            deposit_deadline: number;
            /** Listing From */
            listing_from?: number | null;
            /** Listing To */
            listing_to?: number | null;
            /**
             * Registration From
             * @description UTC milliseconds, database time.
             */
            registration_from: number;
            /**
             * Registration To
             * @description UTC milliseconds, database time.
             */
            registration_to: number;
        };
        /**
         * Update
         * @description Conflated: at most 20 a second a lot, the last state wins. `gap`: `new` is not whole.
         */
        Update: {
            /**
             * At
             * @description UTC milliseconds, database time.
             */
            at: number;
            /** Gap */
            gap?: boolean | null;
            lot: components["schemas"]["LotFields"];
            /** New */
            new: components["schemas"]["AcceptedQuote"][];
            /** Seq */
            seq: number;
            /**
             * Type
             * @default update
             * @constant
             */
            type: "update";
        };
        /**
         * UseKey
         * @description Enrols one more of the bidder's keys (another device) for this lot.
         */
        UseKey: {
            /** Key Id */
            key_id: string;
        };
        /**
         * VerifyReport
         * @description What `luochui verify --json` prints. exit_code: 0 all hold, 1 a check fails, 2 unreadable.
         */
        VerifyReport: {
            /** Amount Fen */
            amount_fen?: number | null;
            /** Checks */
            checks: components["schemas"]["CheckResult"][];
            /** Entries */
            entries: number;
            /** Error */
            error?: string | null;
            /**
             * Exit Code
             * @enum {integer}
             */
            exit_code: 0 | 1 | 2;
            /** Log */
            log?: string | null;
            /** Outcome */
            outcome?: string | null;
            /** Pack */
            pack: string;
            /** Root */
            root?: string | null;
            /** Winner No */
            winner_no?: string | null;
        };
        /** Welcome */
        Welcome: {
            /** Bidder No */
            bidder_no?: string | null;
            /** Heartbeat Ms */
            heartbeat_ms: number;
            limits: components["schemas"]["Limits"];
            /**
             * Role
             * @enum {string}
             */
            role: "observer" | "bidder";
            /**
             * Server Time Ms
             * @description UTC milliseconds, database time.
             */
            server_time_ms: number;
            /** Session */
            session: string;
            /**
             * Type
             * @default welcome
             * @constant
             */
            type: "welcome";
        };
        /**
         * WinnerOpening
         * @description The winner's identity commitment, opened as far as the public may check it.
         *
         *     A company's is opened whole. A natural person's number and salt stay sealed: with the salt the
         *     number could be found by trying. For a person `check` tells what the supervising authority, to
         *     whom the whole opening is open, has found.
         */
        WinnerOpening: {
            /** Bidder No */
            bidder_no: string;
            check?: components["schemas"]["IdentityCheck"] | null;
            /** Commitment */
            commitment: string;
            /** Id Number */
            id_number?: string | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "COMPANY" | "PERSON";
            /** Log */
            log: string;
            /** Lot Id */
            lot_id: string;
            /** Name */
            name: string;
            /** Salt */
            salt?: string | null;
        };
        /**
         * WitnessMark
         * @description What one witness is known to hold of a log. `newest`: whether that is its present head; `at`:
         *     when it last signed; `said`: why not now. `size` and `at` are absent where the log's size is.
         */
        WitnessMark: {
            /** At */
            at?: number | null;
            /** Newest */
            newest: boolean;
            /** Said */
            said?: string | null;
            /** Size */
            size?: number | null;
            /** Tries */
            tries: number;
            /** Witness */
            witness: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Register"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description username_taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description weak_password */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description busy */
            503: {
                headers: {
                    /** @description Whole seconds until it may help. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    bank_notice: {
        parameters: {
            query?: never;
            header: {
                "Luochui-Bank-Signature": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BankNotice"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BankAnswer"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description bad_bank_signature */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_log_vkey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    list_lots: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
                method?: components["schemas"]["Method"] | null;
                q?: string | null;
                stage?: components["schemas"]["Stage"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_LotCard_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_lot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LotPage"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    apply: {
        parameters: {
            query?: never;
            header: {
                "Idempotency-Key": string;
            };
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Apply"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Application"];
                };
            };
            /** @description idempotency_key_missing, malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description registration_closed, already_applied */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description idempotency_key_reused, unknown_key */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    place_bid: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BidBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description origin_refused, not_admitted */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_yet_confirmed, refused_by_rules, bid_id_reused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unknown_key, bad_signature */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    /** @description Whole seconds until it may help. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description busy, clock_unsure, unavailable */
            503: {
                headers: {
                    /** @description Whole seconds until it may help. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_bid: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                bid_id: string;
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found, unknown_bid */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_yet_confirmed */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    /** @description Whole seconds until it may help. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description busy, clock_unsure, unavailable */
            503: {
                headers: {
                    /** @description Whole seconds until it may help. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_checkpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    prove_consistency: {
        parameters: {
            query: {
                /** @description Entries of the head you have. */
                from: number;
                /** @description Entries of a later committed head; else the newest. */
                to?: number | null;
            };
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsistencyProof"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_documents: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AnnouncedDocument_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_document: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
                /** @description SHA-256 of the bytes, in lowercase hex. */
                sha256: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/pdf": string;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": string;
                    "image/jpeg": string;
                    "image/png": string;
                    "text/plain": string;
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    use_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UseKey"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Application"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, not_admitted, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_state */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unknown_key */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_live: {
        parameters: {
            query?: {
                /** @description seq of the last state you have. */
                after_seq?: number | null;
            };
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Snapshot"] | components["schemas"]["Update"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    opt_in: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OptInBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OptedIn"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description origin_refused, not_admitted */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_yet_confirmed, refused_by_rules */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description rate_limited */
            429: {
                headers: {
                    /** @description Whole seconds until it may help. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description busy, clock_unsure, unavailable */
            503: {
                headers: {
                    /** @description Whole seconds until it may help. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_quotes: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
            };
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AcceptedQuote_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_replay: {
        parameters: {
            query?: {
                /** @description seq of the last entry you have. */
                after?: number;
                limit?: number;
            };
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_LotEntry_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_winner_opening: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WinnerOpening"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_my_applications: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Application_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_my_application: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                application_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Application"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_EnrolledKey_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    enrol_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnrolKey"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnrolledKey"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_state */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unknown_key */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_applications: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
                lot_id?: string | null;
                state?: ("SUBMITTED" | "ACCEPTED" | "REFUSED" | "ADMITTED" | "LAPSED" | "REVOKED") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OfficeApplication_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    decide_application: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                application_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Decision"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfficeApplication"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, four_eyes, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_state */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    request_revocation: {
        parameters: {
            query?: never;
            header: {
                "Idempotency-Key": string;
            };
            path: {
                application_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Revocation"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfficeRequest"];
                };
            };
            /** @description idempotency_key_missing, malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, four_eyes, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_state */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_deposits: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
                lot_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_DepositLine_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_kept_document: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description SHA-256 of the bytes, in lowercase hex. */
                sha256: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/pdf": string;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": string;
                    "image/jpeg": string;
                    "image/png": string;
                    "text/plain": string;
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    keep_document: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description SHA-256 of the bytes, in lowercase hex. */
                sha256: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/pdf": string;
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document": string;
                "image/jpeg": string;
                "image/png": string;
                "text/plain": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeptDocument"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_drafts: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Draft_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    edit_draft: {
        parameters: {
            query?: never;
            header: {
                "If-Match": string;
            };
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DraftIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_state */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description version_changed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description version_missing */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    preflight: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preflight"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    release_lot: {
        parameters: {
            query?: never;
            header: {
                "If-Match": string;
            };
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, four_eyes, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_state, refused_by_rules */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description version_changed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description preflight_failed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description version_missing */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description clock_unsure, unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    seal_reserve: {
        parameters: {
            query?: never;
            header: {
                "If-Match": string;
            };
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SealReserveIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in, wrong_password */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, four_eyes, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_state */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description version_changed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description version_missing */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description locked_out */
            429: {
                headers: {
                    /** @description Whole seconds until it may help. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description busy */
            503: {
                headers: {
                    /** @description Whole seconds until it may help. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    submit_draft: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: string;
            };
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_state */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description version_changed */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description preflight_failed */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_office_lots: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OfficeLot_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    create_draft: {
        parameters: {
            query?: never;
            header: {
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DraftIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            /** @description idempotency_key_missing, malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description lot_id_taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    request_action: {
        parameters: {
            query?: never;
            header: {
                "Idempotency-Key": string;
            };
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SuspendIn"] | components["schemas"]["ResumeIn"] | components["schemas"]["TerminateIn"] | components["schemas"]["ConfirmIn"] | components["schemas"]["SealIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfficeRequest"];
                };
            };
            /** @description idempotency_key_missing, malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description refused_by_rules */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description idempotency_key_reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    give_reserve_half: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReserveHalfIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReserveWait"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_state */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_parcels: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Parcel_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_refunds: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
                lot_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RefundOrder_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    record_refund: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                refund_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefundResult"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_state */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_requests: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
                lot_id?: string | null;
                state?: ("PENDING" | "DONE" | "WITHDRAWN" | "REFUSED") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OfficeRequest_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    approve_action: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                request_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfficeRequest"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, four_eyes, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_state, refused_by_rules */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    withdraw_action: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                request_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfficeRequest"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_state */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_templates: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Template_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description wrong_password */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description locked_out */
            429: {
                headers: {
                    /** @description Whole seconds until it may help. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description busy */
            503: {
                headers: {
                    /** @description Whole seconds until it may help. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_site: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteInfo"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_anchors: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_LogAnchors_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_house_entries: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                kind?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
                lot_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HousePage"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_looks: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
                lot_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LookPage"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_supervised_lots: {
        parameters: {
            query?: {
                /** @description `next_cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows on a page; the site's bound at most. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OfficeLot_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    list_entries: {
        parameters: {
            query?: {
                /** @description seq of the last entry you have. */
                after?: number;
                limit?: number;
            };
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_LotEntry_"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    export_lot: {
        parameters: {
            query?: {
                reason?: string;
            };
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": unknown;
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    open_identities: {
        parameters: {
            query: {
                reason: string;
            };
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LotIdentities"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    record_identity_check: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IdentityFinding"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityCheck"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed, origin_refused */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description too_large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description unsupported_media_type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    verify_lot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lot_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VerifyReport"];
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_signed_in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_timestamp_authorities: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    get_witness_policy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description not_found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description internal */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
}

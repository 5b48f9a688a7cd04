// Made from the OpenAPI document by `npm run types`; do not edit.
export type paths = Record<string, never>;
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
            /**
             * Enough
             * @default null
             */
            enough: boolean | null;
            /**
             * Head Count Commitment
             * @default null
             */
            head_count_commitment: string | null;
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
         * Application
         * @description `state`: SUBMITTED, SUPPLEMENT_REQUESTED, ACCEPTED, REFUSED, ADMITTED, LAPSED.
         */
        Application: {
            /** Application Id */
            application_id: string;
            /**
             * Bidder No
             * @default null
             */
            bidder_no: string | null;
            /**
             * Decided At
             * @default null
             */
            decided_at: number | null;
            /** @default null */
            deposit: components["schemas"]["DepositState"] | null;
            /** Key Ids */
            key_ids: string[];
            lot: components["schemas"]["LotCard"];
            /**
             * Reason
             * @default null
             */
            reason: string | null;
            /** @default null */
            refund: components["schemas"]["RefundState"] | null;
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
            /** Amount Fen */
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
            /**
             * Closes At
             * @default null
             */
            closes_at: number | null;
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
            /**
             * Detail
             * @default null
             */
            detail: string | null;
            /**
             * Expected
             * @default null
             */
            expected: string | null;
            /**
             * First Seq
             * @default null
             */
            first_seq: number | null;
            /**
             * Found
             * @default null
             */
            found: string | null;
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
            /**
             * Ruling
             * @default null
             */
            ruling: string | null;
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
            /**
             * Ruling
             * @default null
             */
            ruling: string | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "confirm_result";
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
            /**
             * Reason
             * @default null
             */
            reason: string | null;
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
            /**
             * Reason
             * @default null
             */
            reason: string | null;
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
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /**
             * Application Id
             * @default null
             */
            application_id: string | null;
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
            /**
             * Lot Id
             * @default null
             */
            lot_id: string | null;
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
            /**
             * Last Bank Contact At
             * @default null
             */
            last_bank_contact_at: number | null;
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
         * @description `state`: DRAFT, SUBMITTED, RELEASED. The reserve's amount is never shown again.
         */
        Draft: {
            /** Documents */
            documents: components["schemas"]["Document"][];
            /** Drafted By */
            drafted_by: string;
            /** Has Reserve Entered */
            has_reserve_entered: boolean;
            /** Lot Id */
            lot_id: string;
            parcel: components["schemas"]["ParcelFacts"];
            /** Parcel Id */
            parcel_id: string;
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
            reserve: components["schemas"]["ReserveIn"];
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
            /**
             * Resumes At
             * @default null
             */
            resumes_at: number | null;
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
        /** Limits */
        Limits: {
            /** Bids Per S */
            bids_per_s: number;
            /** Frame Bytes */
            frame_bytes: number;
            /** Frames Per S */
            frames_per_s: number;
        };
        /** LogSealed */
        LogSealed: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "log_sealed";
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
             * @constant
             */
            v: 1;
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
         *     stage_opens_at: in ANNOUNCED, when bidding begins. resumes_at: while suspended, when the sale
         *     goes on by itself. result: only after the hammer.
         */
        LotFields: {
            /** Accepted */
            accepted: number;
            /**
             * Closes At
             * @default null
             */
            closes_at: number | null;
            /** Control */
            control: string;
            /**
             * Disputed
             * @default false
             */
            disputed: boolean;
            /** Extensions */
            extensions: number;
            /**
             * Failed Reason
             * @default null
             */
            failed_reason: string | null;
            /**
             * Increment Fen
             * @description Whole fen (0.01 yuan).
             */
            increment_fen: number;
            /**
             * Leader No
             * @default null
             */
            leader_no: string | null;
            /**
             * Minimum Bid Fen
             * @description Whole fen (0.01 yuan).
             */
            minimum_bid_fen: number;
            /**
             * Opens At
             * @default null
             */
            opens_at: number | null;
            /**
             * Price Fen
             * @default null
             */
            price_fen: number | null;
            /**
             * Reserve Met
             * @default null
             */
            reserve_met: boolean | null;
            /**
             * Resumes At
             * @default null
             */
            resumes_at: number | null;
            /**
             * Sealed
             * @default false
             */
            sealed: boolean;
            /** Stage */
            stage: string;
            /**
             * Suspend Cause
             * @default null
             */
            suspend_cause: string | null;
            /**
             * Total Fen
             * @default null
             */
            total_fen: number | null;
            /**
             * Winner No
             * @default null
             */
            winner_no: string | null;
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
            /**
             * Winner Name
             * @default null
             */
            winner_name: string | null;
        };
        /** LotPublished */
        LotPublished: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "lot_published";
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
            /**
             * Reason
             * @default null
             */
            reason: string | null;
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
            /**
             * Bidding Path Proved To
             * @default null
             */
            bidding_path_proved_to: number | null;
            /** Lot Id */
            lot_id: string;
            /** Method */
            method: string;
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
            action: components["schemas"]["SuspendIn"] | components["schemas"]["ResumeIn"] | components["schemas"]["TerminateIn"] | components["schemas"]["ConfirmIn"] | components["schemas"]["SealIn"];
            /**
             * Approved By
             * @default null
             */
            approved_by: string | null;
            /** Lot Id */
            lot_id: string;
            /**
             * Outcome
             * @default null
             */
            outcome: string | null;
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
         * Parcel
         * @description A parcel of the land bank: real published facts; sums as announced, if announced.
         */
        Parcel: {
            /**
             * Deposit Fen
             * @default null
             */
            deposit_fen: number | null;
            facts: components["schemas"]["ParcelFacts"];
            /**
             * Increment Fen
             * @default null
             */
            increment_fen: number | null;
            /**
             * Method
             * @default null
             */
            method: string | null;
            /** Parcel Id */
            parcel_id: string;
            /** Source */
            source: string;
            /**
             * Starting Price Fen
             * @default null
             */
            starting_price_fen: number | null;
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
            /**
             * Floor Area Centi M2
             * @default null
             */
            floor_area_centi_m2: number | null;
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
            /**
             * Bid Id
             * @default null
             */
            bid_id: string | null;
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
            /**
             * Errors
             * @default null
             */
            errors: components["schemas"]["FieldError"][] | null;
            /**
             * Figures
             * @default null
             */
            figures: {
                [key: string]: number;
            } | null;
            /**
             * Reason
             * @description The rules' own name of the refusal.
             * @default null
             */
            reason: string | null;
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
            /**
             * Closes At
             * @default null
             */
            closes_at: number | null;
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
            /**
             * Reason
             * @default null
             */
            reason: string | null;
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
        /** RefundOrder */
        RefundOrder: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /** Application Id */
            application_id: string;
            /**
             * Bank Reference
             * @default null
             */
            bank_reference: string | null;
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
            /**
             * Bank Reference
             * @default null
             */
            bank_reference: string | null;
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
         * ReserveIn
         * @description The reserve price, sealed at release. `amount_fen` is 0 when there is none.
         */
        ReserveIn: {
            /**
             * Amount Fen
             * @description Whole fen (0.01 yuan).
             */
            amount_fen: number;
            /** Has Reserve */
            has_reserve: boolean;
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
            /**
             * Approver
             * @default null
             */
            approver: string | null;
            /**
             * Requester
             * @default null
             */
            requester: string | null;
            /** @default null */
            timetable: components["schemas"]["Timetable"] | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "resume";
        };
        /** Resumed */
        Resumed: {
            /**
             * Closes At
             * @default null
             */
            closes_at: number | null;
            /** @default null */
            timetable: components["schemas"]["Timetable"] | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "resumed";
        };
        /** ResumeIn */
        ResumeIn: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            action: "RESUME";
            /**
             * Announced At
             * @default null
             */
            announced_at: number | null;
            /** @default null */
            timetable: components["schemas"]["Timetable"] | null;
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
            /**
             * Confirm Jump Steps
             * @default null
             */
            confirm_jump_steps: number | null;
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
            /**
             * Increment Live Fen
             * @default null
             */
            increment_live_fen: number | null;
            /** Increment Unit */
            increment_unit: string;
            /** Joint Allowed */
            joint_allowed: boolean;
            /** Listing Days */
            listing_days: number;
            /** Live Trigger */
            live_trigger: string;
            /**
             * Max Jump Steps
             * @default null
             */
            max_jump_steps: number | null;
            /**
             * Max Live Min
             * @default null
             */
            max_live_min: number | null;
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
            /**
             * Price Cap Fen
             * @default null
             */
            price_cap_fen: number | null;
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
            /**
             * Confirm Jump Steps
             * @default null
             */
            confirm_jump_steps: number | null;
            /** Countdown S */
            countdown_s: number;
            /** Drain Ms */
            drain_ms: number;
            /** Entry Rule */
            entry_rule: string;
            /** Extension */
            extension: string;
            /**
             * Floor Area Centi M2
             * @default null
             */
            floor_area_centi_m2: number | null;
            /** Grid */
            grid: string;
            /** Land Use */
            land_use: string;
            /**
             * Max Jump Steps
             * @default null
             */
            max_jump_steps: number | null;
            /** Method */
            method: string;
            /** Parcel No */
            parcel_no: string;
            /**
             * Price Cap Fen
             * @default null
             */
            price_cap_fen: number | null;
            /**
             * Price Quantum Fen
             * @description Whole fen (0.01 yuan).
             */
            price_quantum_fen: number;
            /** Price Unit */
            price_unit: string;
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
            /**
             * Admission
             * @default null
             */
            admission: number | null;
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
            /**
             * Yours
             * @default null
             */
            yours: components["schemas"]["DecidedBid"][] | null;
        };
        /** StageChanged */
        StageChanged: {
            /**
             * Closes At
             * @default null
             */
            closes_at: number | null;
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
            /**
             * Approver
             * @default null
             */
            approver: string | null;
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
            /**
             * Auction From
             * @default null
             */
            auction_from: number | null;
            /**
             * Deposit Deadline
             * @description UTC milliseconds, database time.
             */
            deposit_deadline: number;
            /**
             * Listing From
             * @default null
             */
            listing_from: number | null;
            /**
             * Listing To
             * @default null
             */
            listing_to: number | null;
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
            /**
             * Gap
             * @default null
             */
            gap: boolean | null;
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
            /**
             * Amount Fen
             * @default null
             */
            amount_fen: number | null;
            /** Checks */
            checks: components["schemas"]["CheckResult"][];
            /** Entries */
            entries: number;
            /**
             * Error
             * @default null
             */
            error: string | null;
            /**
             * Exit Code
             * @enum {integer}
             */
            exit_code: 0 | 1 | 2;
            /**
             * Log
             * @default null
             */
            log: string | null;
            /**
             * Outcome
             * @default null
             */
            outcome: string | null;
            /** Pack */
            pack: string;
            /**
             * Root
             * @default null
             */
            root: string | null;
            /**
             * Winner No
             * @default null
             */
            winner_no: string | null;
        };
        /** Welcome */
        Welcome: {
            /**
             * Bidder No
             * @default null
             */
            bidder_no: string | null;
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
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;

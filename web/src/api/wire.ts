/** Stable names for the generated types. A null of the service and an absent field mean the same. */
import type { components } from './types'

type Raw = components['schemas']

/** Nullable fields may be absent; arrays and objects are read-only. */
export type Loose<T> = T extends readonly (infer Item)[]
  ? readonly Loose<Item>[]
  : T extends object
    ? { readonly [K in keyof T as null extends T[K] ? never : undefined extends T[K] ? never : K]: Loose<T[K]> } & {
        readonly [K in keyof T as null extends T[K] ? K : undefined extends T[K] ? K : never]?: Loose<
          NonNullable<T[K]>
        > | null
      }
    : T

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next_cursor?: string | null
}

// live channel
export type LotFields = Loose<Raw['LotFields']>
export type RulesSummary = Loose<Raw['RulesSummary']>
export type AcceptedQuote = Loose<Raw['AcceptedQuote']>
export type DecidedBid = Loose<Raw['DecidedBid']>
export type Welcome = Loose<Raw['Welcome']>
export type Snapshot = Loose<Raw['Snapshot']>
export type Update = Loose<Raw['Update']>
export type Receipt = Loose<Raw['Receipt']>
export type Notice = Loose<Raw['Notice']>
export type Pong = Loose<Raw['Pong']>
export type Heartbeat = Loose<Raw['Heartbeat']>
export type OptedIn = Loose<Raw['OptedIn']>
export type Problem = Loose<Raw['Problem']>
export type BidBody = Loose<Raw['BidBody']>
export type ServerFrame =
  | Welcome
  | Snapshot
  | Update
  | Receipt
  | Notice
  | Pong
  | Heartbeat
  | OptedIn
  | Problem

// the log
export type LotEntry = Loose<Raw['LotEntry']>
export type LogEvent = LotEntry['events'][number]
export type LogCommand = LotEntry['command']
export type ParcelFacts = Loose<Raw['ParcelFacts']>
export type RuleSet = Loose<Raw['RuleSet']>
export type Timetable = Loose<Raw['Timetable']>

// doors
export type ProblemDetails = Loose<Raw['ProblemDetails']>
export type SiteInfo = Loose<Raw['SiteInfo']>
export type LotCard = Loose<Raw['LotCard']>
export type LotPage = Loose<Raw['LotPage']>
export type Me = Loose<Raw['Me']>
export type RoleName = Me['roles'][number]
export type EnrolledKey = Loose<Raw['EnrolledKey']>
export type Application = Loose<Raw['Application']>
export type DepositState = Loose<Raw['DepositState']>
export type Parcel = Loose<Raw['Parcel']>
export type Draft = Loose<Raw['Draft']>
export type KeptDocument = Loose<Raw['KeptDocument']>
export type AnnouncedDocument = Loose<Raw['AnnouncedDocument']>
export type DraftIn = Loose<Raw['DraftIn']>
export type Preflight = Loose<Raw['Preflight']>
export type Template = Loose<Raw['Template']>
export type OfficeApplication = Loose<Raw['OfficeApplication']>
export type OfficeRequest = Loose<Raw['OfficeRequest']>
export type OfficeLot = Loose<Raw['OfficeLot']>
export type ReserveWait = Loose<Raw['ReserveWait']>
export type DepositLine = Loose<Raw['DepositLine']>
export type RefundOrder = Loose<Raw['RefundOrder']>
export type VerifyReport = Loose<Raw['VerifyReport']>

// the supervisor's view
export type HousePage = Loose<Raw['HousePage']>
export type HouseLine = HousePage['items'][number]
export type HouseCommand = HouseLine['command']
export type LookPage = Loose<Raw['LookPage']>
export type LookLine = LookPage['items'][number]
export type LotIdentities = Loose<Raw['LotIdentities']>
export type OpenedIdentity = LotIdentities['items'][number]
export type IdentityCheck = Loose<Raw['IdentityCheck']>
export type WinnerOpening = Loose<Raw['WinnerOpening']>

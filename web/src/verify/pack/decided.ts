/** Checks 8, 12 and 13: what the rules decide, how the sale ended, and whether its door was open. */
import type { LotEntry } from '../../api/wire'
import type { Check } from './check'
import type { Pack } from './packed'

const UNJUDGED = 'this verifier does not judge it'

class Unjudged {
  constructor(private readonly check: Check) {}

  see(_entry: LotEntry): void {}

  end(): void {
    this.check.skip(UNJUDGED)
  }
}

export class Decisions extends Unjudged {
  cannotRead(_seq: number): void {}
}

export class Result extends Unjudged {}

export class Health extends Unjudged {
  override end(_pack?: Pack): void {
    super.end()
  }
}

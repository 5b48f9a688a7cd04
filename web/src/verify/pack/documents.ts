/** Check 11: each document in the pack is one that was announced, by its hash. */
import type { LotEntry } from '../../api/wire'
import type { Check } from './check'
import type { Pack } from './packed'

const FOLDER = 'documents/'

export class Documents {
  private readonly announced = new Set<string>()

  constructor(private readonly check: Check) {}

  see({ command }: LotEntry): void {
    if (command.type !== 'publish_lot' && command.type !== 'supplement_lot') return
    for (const document of command.documents) this.announced.add(document.sha256)
  }

  async end(pack: Pack): Promise<void> {
    const names = pack.folder('documents')
    for (const name of names) {
      this.check.counted += 1
      const [named, found] = [name.slice(FOLDER.length), await pack.digest(name)]
      if (named !== found) this.check.fail('a document is not the one that its name says', { expected: named, found })
      else if (!this.announced.has(found)) this.check.fail('a document that was never announced', { found })
    }
    this.check.remark(`${names.length} of ${this.announced.size} announced documents are in the pack`)
  }
}

// What a form that signs the whole draft has to say of the rest of it: the unsaved changes that go along, and what stands in
// the way somewhere else.

import type { PlanProblem } from '../../../api/types.gen'
import { repositoryOfSlot } from '../../../model/credentials'
import { secretsToSend } from '../../../model/draft'
import { type PlanChange, slotWords } from '../../../model/plan'
import { usePlanEdit } from '../planEdit'

export interface Beside {
  /** Unsaved changes of other parts, that are signed with it. */
  along: readonly PlanChange[]
  /** Problems of other parts: with them the host would take nothing. */
  problems: readonly PlanProblem[]
  /** The draft began from a plan that is not the host's any more. */
  overtaken: boolean
  blocked: boolean
}

/** Beside the form of the repository `name`. */
export function useBeside(name: string): Beside {
  const { draft, changes, problems, overtaken } = usePlanEdit()
  const open = draft !== null && draft.sent === null
  const own = new Set(
    open
      ? secretsToSend(draft).flatMap((slot) => (repositoryOfSlot(slot) === name ? [slotWords(slot)] : []))
      : [],
  )
  const along = open
    ? changes.filter(
        (change) =>
          !(change.area === 'repository' && change.name === name) &&
          !(change.area === 'secret' && own.has(change.name ?? '')),
      )
    : []
  const elsewhere = open ? problems.filter(({ field }) => !isOf(field, name)) : []
  return { along, problems: elsewhere, overtaken, blocked: overtaken || elsewhere.length > 0 }
}

function isOf(field: string, repository: string): boolean {
  const at = `repositories.${repository}`
  return field === at || field.startsWith(`${at}.`)
}

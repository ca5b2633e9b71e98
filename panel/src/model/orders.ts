// Orders in words, by the name of their action, and whose word is enough for the routine ones among them. Pure.

import type { Action, OrderView } from '../api/types.gen'

const ACTIONS: Readonly<Record<Action['do'], string>> = {
  run: 'Back up now',
  cancel: 'Cancel a job',
  probe: 'Look at the repository',
  refresh: 'Read the repository again',
  set_plan: 'Change the plan',
  set_secret: 'Give a credential',
  confirm_plan: 'Confirm the plan',
  dry_run: 'Dry run',
  preview_retention: 'Preview a retention',
  maintain: 'Maintenance now',
  unlock: 'Remove locks',
  copy: 'Copy snapshots',
  reinit: 'Make a repository anew',
  adopt: 'Adopt snapshots',
  release: 'Release the admin credential',
  claims: 'Tell who claims the repository',
  restore: 'Restore',
  lend: 'Lend the repository’s credential',
  download: 'Download',
  rename: 'Rename the host',
  retire: 'Retire the host',
}

/** Whether work that is asked for here wants an operator's signature, and not just the coordinator's: as wire's `Action::class`. */
export function isSigned(action: Action): boolean {
  switch (action.do) {
    case 'copy':
    case 'lend':
    case 'download':
      return true
    case 'restore':
      return action.target.to !== 'fresh' || action.lent !== undefined
    case 'unlock':
      return action.locks.length > 0
    case 'dry_run':
      return action.settings !== null
    default:
      return false
  }
}

/** An order that lives longer never expires, as people see it. */
export const YEAR_MS = 365 * 86_400_000

/** Whether a person may take it back. That another host claims its repository a host has to hear. */
export function mayWithdraw({ action, state }: Pick<OrderView, 'action' | 'state'>): boolean {
  return state === 'waiting' && action !== 'claims'
}

/** An action that is newer than this panel is shown by its name. */
export function actionWords(action: string): string {
  return action in ACTIONS ? ACTIONS[action as Action['do']] : action
}

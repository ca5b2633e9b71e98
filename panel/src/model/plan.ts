// Plans as edits see them: differences in words, one edit laid on top of another, what is typed turned into what is
// meant. Pure. Whether a plan is valid is the coordinator's word (`POST /plan/check`), and the agent's in the end.

export {
  type Area,
  changes,
  type FieldChange,
  journalWords,
  type PlanChange,
  roleFor,
  secretChanges,
} from './plan/changes'
export { conditionWords, pingWords } from './plan/describe'
export {
  emptyGroup,
  emptyPing,
  hints,
  isName,
  isNamePattern,
  meantGroup,
  meantRetention,
  NAME_RULE,
  NO_PLAN,
  normalise,
  problemsAt,
  renameGroup,
  renameSchedule,
  schedulesOf,
  sentence,
  USUAL_MAINTENANCE,
  without,
  withoutGroup,
} from './plan/edit'
export {
  HOOK_TIME_WORDS,
  HOOK_TIMES,
  HOST_HOOKS,
  type HookTime,
  hookSlot,
  hooksOf,
  hookWords,
  LONGEST_HOOK_S,
  missingSecrets,
  NO_HOOKS,
  pingAddressProblem,
  pingSlot,
  slotWords,
  USUAL_HOOK_LIMIT_S,
  wantedSecrets,
} from './plan/hooks'
export { type Collision, onTop, same } from './plan/merge'
export { EVERYTHING, PINNED, pinnedTags, retentionWords, warningWords } from './plan/words'

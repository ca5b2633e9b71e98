// Plans as edits see them: differences in words, one edit laid on top of another, what is typed turned into what is
// meant. Pure. Whether a plan is valid is the coordinator's word (`POST /plan/check`), and the agent's in the end.

export { changes, type FieldChange, type PlanChange, roleFor } from './plan/changes'
export {
  emptyGroup,
  hints,
  isName,
  NAME_RULE,
  normalise,
  problemsAt,
  renameGroup,
  renameSchedule,
  schedulesOf,
  sentence,
  without,
} from './plan/edit'
export { type Collision, onTop, same } from './plan/merge'
export { EVERYTHING, retentionWords, warningWords } from './plan/words'

// One group of a plan: what is backed up, what is left out, how long it is kept, where a copy goes, how often a failure is
// tried again.
// Knows the type; must not know drafts or saving.

import type { ReactNode } from 'react'
import type { Group, PlanProblem } from '../api/types.gen'
import { problemsAt, retentionWords } from '../model/plan'
import { BOUNDS, backoffBounds, isWhole, KEEPS, UNREADABLE } from '../model/whole'
import { FieldRow, FieldStack, LinesField, NumberField, SelectField, SwitchField } from '../ui'
import columns from './Columns.module.css'
import { RetentionGrid } from './RetentionGrid'

interface GroupFormProps {
  name: string
  group: Group
  repositories: readonly string[]
  problems: readonly PlanProblem[]
  disabled: boolean
  /** What is valid of the retention, but will surprise. */
  warnings?: readonly string[]
  /** Below what is backed up: what the host would find there. */
  found?: ReactNode
  /** Below what is kept: what would go. */
  forgotten?: ReactNode
  onChange: (group: Group) => void
}

const NOWHERE = ''

export function GroupForm(props: GroupFormProps) {
  const { name, group, repositories, problems, disabled, warnings, found, forgotten, onChange } = props
  const at = `groups.${name}`
  const wrong = (field: string) => problemsAt(problems, `${at}.${field}`, true).join(' ') || undefined
  const set = (change: Partial<Group>) => onChange({ ...group, ...change })
  // Each number says itself what is wrong with it.
  const cells = new Set<string>(KEEPS.map((keep) => `${at}.retention.${keep}`))
  const besideCells = problems.filter(({ field }) => !cells.has(field))
  const backoff = backoffBounds(group.retry.max)
  return (
    <div className={columns.columns}>
      <FieldStack>
        {(repositories.length > 1 || wrong('repository') !== undefined) && (
          <SelectField
            label="Repository"
            value={group.repository}
            onChange={(repository) => set({ repository })}
            choices={repositories.map((value) => ({ value, label: value }))}
            disabled={disabled}
            error={wrong('repository')}
          />
        )}
        <Lines
          label="Paths to back up"
          help="Absolute paths on the host, one per line."
          required
          value={group.includes}
          onChange={(includes) => set({ includes })}
          error={wrong('includes')}
          disabled={disabled}
          testid="group-includes"
        />
        <Lines
          label="Excludes"
          help="restic’s patterns, one per line, such as *.tmp or /home/*/.cache. Case matters."
          value={group.excludes}
          onChange={(excludes) => set({ excludes })}
          error={wrong('excludes')}
          disabled={disabled}
          testid="group-excludes"
        />
        <Lines
          label="Leave a directory out if it holds a file named"
          help="File names, one per line, such as .nobackup or CACHEDIR.TAG."
          rows={1}
          value={group.exclude_if_present}
          onChange={(exclude_if_present) => set({ exclude_if_present })}
          error={wrong('exclude_if_present')}
          disabled={disabled}
          testid="group-exclude-if-present"
        />
        <SwitchField
          label="Stay on one file system"
          help="Mounts below the paths are left out; the paths themselves may lie on different file systems."
          checked={group.one_file_system}
          onChange={(one_file_system) => set({ one_file_system })}
          disabled={disabled}
        />
        {found}
      </FieldStack>
      <FieldStack>
        <RetentionGrid
          retention={group.retention}
          onChange={(retention) => set({ retention })}
          error={problemsAt(besideCells, `${at}.retention`, true).join(' ') || undefined}
          disabled={disabled}
          words={retentionWords(group.retention)}
          {...(warnings !== undefined && { warnings })}
        />
        {forgotten}
        {(repositories.length > 1 || group.copy_to !== undefined) && (
          <CopyTo {...props} error={wrong('copy_to')} />
        )}
        <FieldRow>
          <NumberField
            label="Tries after a failure"
            help="0: a failed backup waits for the next run."
            value={group.retry.max}
            {...BOUNDS.tries}
            onChange={(max) => set({ retry: { ...group.retry, max: max ?? UNREADABLE } })}
            error={wrong('retry.max')}
            disabled={disabled}
          />
          <NumberField
            label="First try after"
            help="Twice as long each time, 30 minutes at most."
            unit="s"
            value={group.retry.backoff_s}
            {...backoff}
            onChange={(backoff_s) => set({ retry: { ...group.retry, backoff_s: backoff_s ?? UNREADABLE } })}
            error={wrong('retry.backoff_s')}
            // What is wrong can be mended, also where it is not used.
            disabled={disabled || (group.retry.max === 0 && isWhole(group.retry.backoff_s, backoff))}
          />
        </FieldRow>
      </FieldStack>
    </div>
  )
}

function CopyTo(props: GroupFormProps & { error: string | undefined }) {
  const { group, repositories, disabled, error, onChange } = props
  const others = repositories.filter((one) => one !== group.repository || one === group.copy_to)
  return (
    <SelectField
      label="Copy each new snapshot to"
      help="A second repository: what befalls one place leaves the other."
      value={group.copy_to ?? NOWHERE}
      onChange={(to) => onChange({ ...group, copy_to: to === NOWHERE ? undefined : to })}
      choices={[{ value: NOWHERE, label: 'Nowhere' }, ...others.map((value) => ({ value, label: value }))]}
      disabled={disabled}
      error={error}
      data-testid="group-copy-to"
    />
  )
}

function Lines(props: {
  label: string
  help: string
  value: readonly string[]
  onChange: (lines: string[]) => void
  error: string | undefined
  disabled: boolean
  required?: boolean
  rows?: number
  testid: string
}) {
  const { value, onChange, testid, rows = 2, ...rest } = props
  return (
    <LinesField
      {...rest}
      rows={rows}
      value={value.join('\n')}
      // Half-typed lines stay as they are typed; the draft is cleaned when it is checked and saved.
      onChange={(text) => onChange(text === '' ? [] : text.split('\n'))}
      data-testid={testid}
    />
  )
}

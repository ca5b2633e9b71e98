// Hooks, of a host or of one group: which runs before and after a backup, its script, its time limit. A script is a secret:
// it can be given, never read. Knows no draft.

import type { Hook, Hooks, PlanProblem } from '../api/types.gen'
import {
  HOOK_TIME_WORDS,
  HOOK_TIMES,
  HOST_HOOKS,
  type HookTime,
  hookSlot,
  hookWords,
  problemsAt,
  USUAL_HOOK_LIMIT_S,
} from '../model/plan'
import { formatDuration } from '../model/time'
import { BOUNDS, saidWhole } from '../model/whole'
import { FieldStack, NumberField, SelectField } from '../ui'
import columns from './Columns.module.css'
import styles from './RetentionGrid.module.css'
import { SecretText, type SecretTextState } from './SecretText'

interface HookFieldsProps {
  /** The group, or `*` for the host's own. */
  scope: string
  hooks: Hooks
  /** The host's own, which a group inherits. */
  hostHooks: Hooks
  problems: readonly PlanProblem[]
  disabled: boolean
  /** Scripts can be given from here. */
  mayGive: boolean
  secret: (slot: string) => SecretTextState
  onSecret: (slot: string, value: string | null) => void
  onChange: (hooks: Hooks) => void
}

const TITLES: Readonly<Record<HookTime, string>> = { pre: 'Before a backup', post: 'After a backup' }
const SEES: Readonly<Record<HookTime, string>> = {
  pre: 'If it fails, the backup does not begin. It sees RM_JOB_ID and RM_GROUP.',
  post: 'It always runs, and its failure changes nothing. It sees RM_JOB_STATUS, RM_SNAPSHOT_ID, RM_JOB_ID and RM_GROUP.',
}

export function HookFields(props: HookFieldsProps) {
  const { scope, hooks, hostHooks, problems, disabled, onChange } = props
  const ofHost = scope === HOST_HOOKS
  const at = ofHost ? 'hooks' : `groups.${scope}.hooks`
  const usual = ofHost ? USUAL_HOOK_LIMIT_S : (hostHooks.timeout_s ?? USUAL_HOOK_LIMIT_S)
  return (
    <fieldset className={styles.grid} disabled={disabled} data-testid={`hooks-${scope}`}>
      <legend>{ofHost ? 'Hooks of the host' : 'Hooks'}</legend>
      <FieldStack>
        <div className={columns.columns}>
          {HOOK_TIMES.map((time) => (
            <HookField key={time} {...props} time={time} at={`${at}.${time}`} />
          ))}
        </div>
        <NumberField
          label="Time limit of each"
          help={`After it the hook is ended. Empty: ${ofHost ? '' : 'the host’s, '}${saidWhole(usual, (s) => formatDuration(s * 1_000))}.`}
          unit="s"
          value={hooks.timeout_s}
          {...BOUNDS.hook}
          placeholder={String(usual)}
          onChange={(timeout_s) => onChange({ ...hooks, timeout_s })}
          error={problemsAt(problems, `${at}.timeout_s`).join(' ') || undefined}
          disabled={disabled}
        />
      </FieldStack>
    </fieldset>
  )
}

/** A hook as a value of the field; a file's name is the endpoint's own, and the host has nobody to inherit from. */
function asChoice(hook: Hook, ofHost: boolean): string {
  if (typeof hook === 'object') return 'file'
  return ofHost && hook === 'none' ? 'inherit' : hook
}

function HookField(props: HookFieldsProps & { time: HookTime; at: string }) {
  const { scope, hooks, hostHooks, problems, disabled, mayGive, secret, onSecret, onChange, time, at } = props
  const ofHost = scope === HOST_HOOKS
  const hook = hooks[time]
  const slot = hookSlot(scope, time)
  const state = secret(slot)
  const wrong = problemsAt(problems, at).join(' ') || undefined
  const inherited = hookWords(hostHooks[time], true)
  const choices = [
    { value: 'inherit', label: ofHost ? 'None' : `The host’s (${inherited})` },
    ...(ofHost ? [] : [{ value: 'none', label: 'None' }]),
    { value: 'secret', label: 'A script of its own', disabled: !mayGive && state.held === undefined },
    ...(typeof hook === 'object' ? [{ value: 'file', label: `The host’s file ${hook.file}` }] : []),
  ]
  return (
    <FieldStack>
      <SelectField
        label={TITLES[time]}
        value={asChoice(hook, ofHost)}
        choices={choices}
        onChange={(choice) => {
          if (choice === 'file') return
          onChange({ ...hooks, [time]: choice as Hook })
        }}
        disabled={disabled}
        error={hook === 'secret' ? undefined : wrong}
        help={SEES[time]}
        data-testid={`hook-${scope}-${time}`}
      />
      {hook === 'secret' && (
        <SecretText
          label={`Script ${HOOK_TIME_WORDS[time]} a backup`}
          help="Run by /bin/sh -c, on Windows by cmd.exe /C. Sealed to this host in this browser: nobody can read it later, so keep a copy."
          rows={4}
          state={state}
          error={wrong}
          disabled={disabled || !mayGive}
          onChange={(value) => onSecret(slot, value)}
          data-testid={`script-${scope}-${time}`}
        />
      )}
    </FieldStack>
  )
}

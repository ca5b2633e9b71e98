// One group: its facts or its form, and what one does with it.

import { useState } from 'react'
import { Link } from 'react-router'
import type { Group } from '../../api/types.gen'
import {
  type HookTime,
  hooksOf,
  hookWords,
  pinnedTags,
  renameGroup,
  retentionWords,
  schedulesOf,
  warningWords,
  withoutGroup,
} from '../../model/plan'
import { formatDuration } from '../../model/time'
import { saidWhole } from '../../model/whole'
import { GroupForm } from '../../parts/GroupForm'
import { PathList } from '../../parts/PathList'
import { paths } from '../../paths'
import { ConfirmDialog, Facts, type MenuItem, Notice, toast } from '../../ui'
import { useHost } from './context'
import { DryRun } from './DryRun'
import { HookPart } from './HookPart'
import { NameDialog } from './NameDialog'
import { PlanItem } from './PlanItem'
import { usePlanEdit } from './planEdit'
import { RetentionPreview } from './RetentionPreview'
import { RunDialog } from './RunDialog'

interface GroupProps {
  name: string
  open: boolean
  setOpen: (name: string | null) => void
}

type Asking = 'rename' | 'remove' | 'limit' | null

export function GroupSection({ name, open, setOpen }: GroupProps) {
  const { plan, view, enabled, warnings } = usePlanEdit()
  const { mayOperate, runNow } = useHost()
  const [asking, setAsking] = useState<Asking>(null)
  const group = plan.groups[name]
  if (group === undefined) return null
  const saved = view.plan.groups[name] !== undefined
  const more: MenuItem[] = [
    {
      label: 'Run with a limit…',
      icon: 'play',
      disabled: !mayOperate || !saved,
      onClick: () => setAsking('limit'),
    },
    { label: 'Rename…', icon: 'edit', disabled: !enabled, onClick: () => setAsking('rename') },
    {
      label: 'Remove…',
      icon: 'trash',
      danger: true,
      disabled: !enabled,
      onClick: () => askRemoval(name, plan, () => setAsking('remove')),
    },
  ]
  return (
    <PlanItem
      area="group"
      name={name}
      saved={saved}
      open={open}
      setOpen={setOpen}
      run={() => void runNow([name])}
      more={more}
      dialogs={
        <GroupDialogs name={name} open={open} setOpen={setOpen} asking={asking} setAsking={setAsking} />
      }
    >
      {warnings
        // Beside the rule itself where that is in sight.
        .filter((warning) => warning.group === name && !(open && warning.what === FINER))
        .map((warning) => (
          <Notice key={warning.what} tone="warn">
            {warningWords(warning)}
          </Notice>
        ))}
      {open ? <OpenGroup name={name} group={group} /> : <GroupFacts name={name} group={group} />}
    </PlanItem>
  )
}

const FINER = 'retention_finer_than_schedule'

/** The form, with what the host would find and forget by it. */
function OpenGroup({ name, group }: { name: string; group: Group }) {
  const { plan, edit, enabled, problems, warnings } = usePlanEdit()
  const set = (changed: Group) =>
    edit((before) => ({ ...before, groups: { ...before.groups, [name]: changed } }))
  return (
    <>
      <GroupForm
        name={name}
        group={group}
        repositories={Object.keys(plan.repositories)}
        problems={problems}
        disabled={!enabled}
        warnings={warnings
          .filter((warning) => warning.group === name && warning.what === FINER)
          .map(warningWords)}
        found={<DryRun name={name} group={group} />}
        forgotten={<RetentionPreview name={name} retention={group.retention} />}
        onChange={set}
      />
      <HookPart scope={name} hooks={hooksOf(group)} onChange={(hooks) => set({ ...group, hooks })} />
    </>
  )
}

function GroupDialogs(props: GroupProps & { asking: Asking; setAsking: (asking: Asking) => void }) {
  const { name, open, setOpen, asking, setAsking } = props
  const { plan, edit } = usePlanEdit()
  const close = () => setAsking(null)
  return (
    <>
      <NameDialog
        open={asking === 'rename'}
        onClose={close}
        title={`Rename ${name}`}
        verb="Rename"
        start={name}
        taken={Object.keys(plan.groups)}
        help={renameHelp(name, plan.groups[name])}
        onName={(to) => {
          edit((before) => renameGroup(before, name, to))
          close()
          if (open) setOpen(to)
        }}
      />
      <ConfirmDialog
        open={asking === 'remove'}
        onClose={close}
        title={`Remove ${name} from the plan?`}
        verb="Remove"
        danger
        onConfirm={() => {
          edit((before) => withoutGroup(before, name))
          close()
          if (open) setOpen(null)
        }}
      >
        <p>
          Nothing backs up its paths any more once you save. Its snapshots stay in the repository with the tag{' '}
          {name}, and nothing forgets them by itself.
        </p>
      </ConfirmDialog>
      <RunDialog open={asking === 'limit'} onClose={close} group={name} />
    </>
  )
}

function renameHelp(name: string, group: Group | undefined): string {
  const own = Object.values(hooksOf(group ?? {})).includes('secret')
  const scripts = own ? ' Its scripts are given to the old name: type them again for the new one.' : ''
  return `Snapshots already made keep the tag ${name}: the new name’s retention does not touch them, and nothing forgets them by itself.${scripts}`
}

/** The last group stays, and so does one that a schedule names. */
function askRemoval(name: string, plan: Parameters<typeof schedulesOf>[0], ask: () => void) {
  const named = schedulesOf(plan, name)
  if (named.length > 0) {
    toast.bad(`${name} stays: ${named.join(', ')} names it`, 'Take it out of that schedule first.')
  } else if (Object.keys(plan.groups).length === 1) {
    toast.bad(`${name} stays: it is the last group`, 'Add another one first, or pause the schedule.')
  } else ask()
}

function GroupFacts({ name, group }: { name: string; group: Group }) {
  const { plan } = usePlanEdit()
  const { agent } = useHost()
  const schedules = schedulesOf(plan, name)
  const { max, backoff_s } = group.retry
  const hooks = hooksOf(group)
  const hostHooks = hooksOf(plan)
  const hook = (time: HookTime) =>
    hooks[time] === 'inherit'
      ? hookWords(hostHooks[time], true) === 'none'
        ? 'none'
        : `the host’s (${hookWords(hostHooks[time], true)})`
      : hookWords(hooks[time], false)
  return (
    <Facts
      items={[
        { name: 'Paths', value: <PathList items={group.includes} none="none yet" /> },
        {
          name: 'Excludes',
          value: (
            <PathList
              items={[
                ...group.excludes,
                ...group.exclude_if_present.map((file) => `directories with ${file}`),
              ]}
              none="nothing"
            />
          ),
        },
        { name: 'Other file systems below', value: group.one_file_system ? 'left out' : 'included' },
        {
          name: 'Keeps',
          value: [
            retentionWords(group.retention) ?? 'everything',
            ...(pinnedTags(group.retention).length === 0
              ? []
              : [`always what is tagged ${pinnedTags(group.retention).join(' or ')}`]),
          ].join('; '),
        },
        {
          name: 'Scheduled by',
          value:
            schedules.length === 0 ? (
              'no schedule'
            ) : (
              <Link to={paths.schedules(agent)}>{schedules.join(', ')}</Link>
            ),
        },
        {
          name: 'Repository',
          value:
            group.copy_to === undefined
              ? group.repository
              : `${group.repository}, copied to ${group.copy_to}`,
        },
        { name: 'Hooks', value: `before: ${hook('pre')}; after: ${hook('post')}` },
        {
          name: 'After a failure',
          value:
            max === 0
              ? 'waits for the next run'
              : `${saidWhole(max)} tries, the first after ${saidWhole(backoff_s, (s) => formatDuration(s * 1_000))}`,
        },
      ]}
    />
  )
}

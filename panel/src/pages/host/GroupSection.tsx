// One group: its facts or its form, and what one does with it.

import { useState } from 'react'
import { Link } from 'react-router'
import type { Group } from '../../api/types.gen'
import { problemsAt, renameGroup, retentionWords, schedulesOf, warningWords, without } from '../../model/plan'
import { formatDuration } from '../../model/time'
import { GroupForm } from '../../parts/GroupForm'
import { StatusTitle } from '../../parts/StatusTitle'
import { paths } from '../../paths'
import { Badge, Button, ConfirmDialog, Facts, Menu, Notice, Section, Stack, toast } from '../../ui'
import { useHost } from './context'
import { NameDialog } from './NameDialog'
import { PathList } from './PathList'
import { usePlanEdit } from './planEdit'
import { RunDialog } from './RunDialog'

export function GroupSection({
  name,
  open,
  setOpen,
}: {
  name: string
  open: boolean
  setOpen: (name: string | null) => void
}) {
  const { plan, view, edit, enabled, problems, warnings } = usePlanEdit()
  const { mayOperate, runNow, routine } = useHost()
  const [asking, setAsking] = useState<'rename' | 'remove' | 'limit' | null>(null)
  const group = plan.groups[name]
  if (group === undefined) return null
  const saved = view.plan.groups[name] !== undefined
  const wrong = problemsAt(problems, `groups.${name}`, true).length
  const own = problemsAt(problems, `groups.${name}`)
  const surprises = warnings.filter((warning) => warning.group === name)

  function rename(to: string) {
    edit((before) => renameGroup(before, name, to))
    setAsking(null)
    if (open) setOpen(to)
  }

  return (
    <Section
      title={
        <StatusTitle title={name}>
          {!saved && <Badge tone="run">not saved yet</Badge>}
          {wrong > 0 && <Badge tone="bad">needs mending</Badge>}
        </StatusTitle>
      }
      data-testid={`group-${name}`}
      actions={
        <>
          {mayOperate && saved && (
            <Button
              small
              icon="play"
              busy={routine.busy !== null}
              onClick={() => void runNow([name])}
              aria-label={`Run now: ${name}`}
            >
              Run now
            </Button>
          )}
          <Button
            small
            icon={open ? 'up' : 'edit'}
            onClick={() => setOpen(open ? null : name)}
            aria-expanded={open}
            aria-label={open ? `Close ${name}` : enabled ? `Edit ${name}` : `Details of ${name}`}
          >
            {open ? 'Close' : enabled ? 'Edit' : 'Details'}
          </Button>
          <Menu
            label={`More for ${name}`}
            items={[
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
            ]}
          />
        </>
      }
    >
      <Stack>
        {own.map((problem) => (
          <Notice key={problem} tone="bad">
            {problem}
          </Notice>
        ))}
        {surprises.map((warning) => (
          <Notice key={warning.what} tone="warn">
            {warningWords(warning)}
          </Notice>
        ))}
        {open ? (
          <GroupForm
            name={name}
            group={group}
            repositories={Object.keys(plan.repositories)}
            problems={problems}
            disabled={!enabled}
            onChange={(changed) =>
              edit((before) => ({ ...before, groups: { ...before.groups, [name]: changed } }))
            }
          />
        ) : (
          <GroupFacts name={name} group={group} />
        )}
      </Stack>
      <NameDialog
        open={asking === 'rename'}
        onClose={() => setAsking(null)}
        title={`Rename ${name}`}
        verb="Rename"
        start={name}
        taken={Object.keys(plan.groups)}
        help={`Snapshots already made keep the tag ${name}: the new name’s retention does not touch them, and nothing forgets them by itself.`}
        onName={rename}
      />
      <ConfirmDialog
        open={asking === 'remove'}
        onClose={() => setAsking(null)}
        title={`Remove ${name} from the plan?`}
        verb="Remove"
        danger
        onConfirm={() => {
          edit((before) => ({ ...before, groups: without(before.groups, name) }))
          setAsking(null)
          if (open) setOpen(null)
        }}
      >
        <p>
          Nothing backs up its paths any more once you save. Its snapshots stay in the repository with the tag{' '}
          {name}, and nothing forgets them by itself.
        </p>
      </ConfirmDialog>
      <RunDialog open={asking === 'limit'} onClose={() => setAsking(null)} group={name} />
    </Section>
  )
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
        { name: 'Keeps', value: retentionWords(group.retention) ?? 'everything' },
        {
          name: 'Scheduled by',
          value:
            schedules.length === 0 ? (
              'no schedule'
            ) : (
              <Link to={paths.schedules(agent)}>{schedules.join(', ')}</Link>
            ),
        },
        { name: 'Repository', value: group.repository },
        {
          name: 'After a failure',
          value:
            max === 0
              ? 'waits for the next run'
              : `${max} tries, the first after ${formatDuration(backoff_s * 1_000)}`,
        },
      ]}
    />
  )
}

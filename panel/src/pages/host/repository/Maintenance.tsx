// Forget, prune, check and drill: how often, when last, when next, why not – per repository; now, and the way to change the
// cadence. The cadences are the plan's, the rest is what the host says of itself.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { maintenanceQuery } from '../../../api/queries'
import type { MaintenanceTask, MaintenanceView } from '../../../api/types.gen'
import { problemsAt, sentence } from '../../../model/plan'
import { cadenceWords, neverRuns, subsetWords, TASK_ORDER, TASKS } from '../../../model/upkeep'
import { JobStateDot } from '../../../parts/presence'
import { paths } from '../../../paths'
import {
  Badge,
  Button,
  Cluster,
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  Notice,
  RelativeTime,
  Section,
  Skeleton,
  StatusDot,
  toast,
} from '../../../ui'
import { useHost } from '../context'
import { usePlanEdit } from '../planEdit'
import styles from '../Tabs.module.css'
import { CadenceDialog } from './CadenceDialog'
import { CheckNowDialog } from './CheckNowDialog'

export function Maintenance() {
  const { agent, host, mayOperate, routine } = useHost()
  const { plan, view, problems } = usePlanEdit()
  const rows = useQuery(maintenanceQuery(agent))
  const navigate = useNavigate()
  const [editing, setEditing] = useState<MaintenanceTask | null>(null)
  const [checking, setChecking] = useState<string | null>(null)
  const wrong = problemsAt(problems, 'maintenance', true)
  const repositories = new Set(rows.data?.map(({ repository }) => repository))

  const run = (row: Pick<MaintenanceView, 'repository' | 'task'>, percent: number | null = null) =>
    routine.give(
      `${TASKS[row.task].label.toLowerCase()} ${row.repository}`,
      { do: 'maintain', repository: row.repository, task: row.task, groups: [], read_data_percent: percent },
      (jobs) => {
        const [only] = jobs
        if (jobs.length === 1 && only !== undefined) void navigate(paths.job(agent, only))
        else if (jobs.length === 0) toast.ok('Nothing to do', 'The host started no job for it.')
        else {
          toast.ok(`Started ${jobs.length} jobs`, 'One for each group; they run one after another.')
          void navigate(paths.jobs(agent))
        }
      },
    )

  return (
    <Section
      flush
      title="Maintenance"
      lead="By the host’s own clock and zone, whether or not a coordinator is there. What was due while it was off is done once."
      data-testid="maintenance"
    >
      {wrong.length > 0 && (
        <div className={styles.pad}>
          <Notice tone="bad">{wrong.join(' ')}</Notice>
        </div>
      )}
      {rows.data === undefined ? (
        rows.isError ? (
          <ErrorState
            error={rows.error}
            title="How maintenance stands is not here"
            retry={() => void rows.refetch()}
          />
        ) : (
          <div className={styles.pad}>
            <Skeleton rows={4} label="Loading the maintenance" />
          </div>
        )
      ) : (
        <DataTable
          label="Maintenance"
          rows={sorted(rows.data)}
          rowKey={({ repository, task }) => `${repository}/${task}`}
          rowTestId={({ repository, task }) => `${task}-${repository}`}
          columns={columns({
            agent,
            many: repositories.size > 1,
            percent: view.plan.maintenance.check_read_data_percent,
            unsaved: (task) => plan.maintenance[task] !== view.plan.maintenance[task],
            edit: setEditing,
            run: mayOperate
              ? (row) => (row.task === 'check' ? setChecking(row.repository) : void run(row))
              : null,
            busy: routine.busy !== null,
            never: ({ repository, task }) => neverRuns(view.plan, agent, repository, task),
            isHold: (held) => host.holds.some(({ message }) => message === held),
          })}
          empty={
            <EmptyState title="Nothing to look after yet">
              Once the host has a repository in its plan, its maintenance appears here.
            </EmptyState>
          }
        />
      )}
      <CadenceDialog task={editing} onClose={() => setEditing(null)} />
      <CheckNowDialog
        repository={checking}
        onClose={() => setChecking(null)}
        run={(repository, percent) => run({ repository, task: 'check' }, percent)}
      />
    </Section>
  )
}

function sorted(rows: readonly MaintenanceView[]): MaintenanceView[] {
  const place = ({ task }: MaintenanceView) => TASK_ORDER.indexOf(task)
  return [...rows].sort((a, b) => a.repository.localeCompare(b.repository) || place(a) - place(b))
}

interface Doing {
  agent: string
  many: boolean
  percent: number
  unsaved: (task: MaintenanceTask) => boolean
  edit: (task: MaintenanceTask) => void
  run: ((row: MaintenanceView) => void) | null
  busy: boolean
  /** Why it would do nothing, whoever starts it. */
  never: (row: MaintenanceView) => string | null
  /** Something is wrong, rather than decided. */
  isHold: (held: string) => boolean
}

/** Where a row says why it does not run. */
function whyId({ task, repository }: MaintenanceView): string {
  return `why-${task}-${repository}`
}

function columns({
  agent,
  many,
  percent,
  unsaved,
  edit,
  run,
  busy,
  never,
  isHold,
}: Doing): Column<MaintenanceView>[] {
  const called = ({ task, repository }: MaintenanceView) =>
    `${TASKS[task].label.toLowerCase()} of ${repository}`
  return [
    {
      id: 'task',
      header: 'Task',
      width: '9rem',
      cell: ({ task }) => (
        <strong title={TASKS[task].does}>
          {TASKS[task].label} {unsaved(task) && <Badge tone="run">not saved yet</Badge>}
        </strong>
      ),
    },
    ...(many
      ? [
          {
            id: 'repository',
            header: 'Repository',
            width: '8rem',
            cell: (row: MaintenanceView) => row.repository,
          } as const,
        ]
      : []),
    {
      id: 'cadence',
      header: 'How often',
      cell: ({ cron, task }) => (
        <span title={task === 'check' ? `Reads ${subsetWords(percent)}.` : undefined}>
          {cadenceWords(cron)}
          {task === 'check' && cron !== null && <span className={styles.dim}> · reads {percent} %</span>}
        </span>
      ),
    },
    {
      id: 'last',
      header: 'Last',
      width: '14rem',
      cell: ({ last }) =>
        last === null ? (
          <span className={styles.dim}>never</span>
        ) : (
          <Link to={paths.job(agent, last.job)} className={styles.pair}>
            <JobStateDot state={last.state} /> <RelativeTime at={last.at} />
          </Link>
        ),
    },
    {
      id: 'next',
      header: 'Next',
      cell: (row) => {
        const why = row.held ?? never(row)
        return why === null ? (
          <RelativeTime at={row.next} never={row.cron === null ? 'not by itself' : 'not known yet'} />
        ) : (
          <span id={whyId(row)}>
            <StatusDot tone={isHold(why) ? 'warn' : 'idle'} hollow={!isHold(why)} wrap>
              {sentence(why)}
            </StatusDot>
          </span>
        )
      },
    },
    {
      id: 'verbs',
      header: 'What to do',
      headerHidden: true,
      align: 'end',
      width: '17rem',
      cell: (row) => (
        <Cluster end>
          {run !== null && (
            <span title={never(row) ?? undefined}>
              <Button
                small
                icon="play"
                busy={busy}
                disabled={never(row) !== null}
                onClick={() => run(row)}
                aria-label={`Run now: ${called(row)}`}
                {...(never(row) !== null && { 'aria-describedby': whyId(row) })}
              >
                {row.task === 'check' ? 'Run now…' : 'Run now'}
              </Button>
            </span>
          )}
          <Button small onClick={() => edit(row.task)} aria-label={`How often: ${called(row)}`}>
            How often…
          </Button>
        </Cluster>
      ),
    },
  ]
}

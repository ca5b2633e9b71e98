// One host that a template is given to: what would change, what is in the way, what became of it.

import { Link } from 'react-router'
import { roleFor } from '../../model/plan'
import { mayAct } from '../../parts/OperatorNotice'
import type { Operator } from '../../parts/operator'
import { changesInWords, PlanDiff } from '../../parts/PlanDiff'
import { StatusTitle } from '../../parts/StatusTitle'
import { paths } from '../../paths'
import { Badge, Button, Notice, Skeleton, Stack, type Tone } from '../../ui'
import styles from './Apply.module.css'
import type { Given, Prospect } from './giving'

interface Props {
  row: Given
  prospect: Prospect | null
  operator: Operator
  /** Reads it once more, to compare with its plan as it is now. */
  again: () => void
}

export function GivenHost({ row, prospect, operator, again }: Props) {
  const { agent, name, said } = row
  const { word, tone } = standing(row, prospect)
  return (
    <article className={styles.host} aria-label={name} data-testid={`given-${name}`}>
      <div className={styles.head}>
        <h3>
          <StatusTitle title={name}>
            <Badge tone={tone}>{word}</Badge>
          </StatusTitle>
        </h3>
        <Link to={paths.groups(agent)}>Its page</Link>
      </div>
      {row.state === 'reading' && <Skeleton rows={2} label={`Reading the plan of ${name}`} />}
      {said !== undefined && (
        <Notice
          tone="bad"
          role="alert"
          action={
            <Button small icon="refresh" onClick={again}>
              Compare again
            </Button>
          }
        >
          {said}
        </Notice>
      )}
      {row.state === 'waiting' && (
        <p>
          It is away: it takes the change when it is back. Until then the order can be withdrawn on its page.
        </p>
      )}
      {row.state === 'read' && prospect !== null && <Would prospect={prospect} operator={operator} />}
    </article>
  )
}

function Would({ prospect, operator }: { prospect: Prospect; operator: Operator }) {
  const { changes, notes, problems, along } = prospect
  const needed = along.length > 0 ? 'admin' : roleFor(changes)
  return (
    <Stack tight>
      {problems.map((problem) => (
        <Notice key={problem} tone="bad">
          {problem}
        </Notice>
      ))}
      {notes.map((note) => (
        <Notice key={note} tone="warn">
          {note}
        </Notice>
      ))}
      {operator.state === 'ready' && !mayAct(operator, needed) && (
        <Notice tone="warn">
          This changes what runs before or after backups: it takes the key of an admin.
        </Notice>
      )}
      {changes.length > 0 && (
        <details>
          <summary>{changesInWords(changes)}</summary>
          <PlanDiff changes={changes} label="What would change" />
        </details>
      )}
    </Stack>
  )
}

function standing(row: Given, prospect: Prospect | null): { word: string; tone: Tone } {
  switch (row.state) {
    case 'reading':
      return { word: 'reading', tone: 'idle' }
    case 'giving':
      return { word: 'under way', tone: 'run' }
    case 'saved':
      return { word: row.revision === undefined ? 'saved' : `saved as revision ${row.revision}`, tone: 'ok' }
    case 'waiting':
      return { word: 'waits for the host', tone: 'run' }
    case 'refused':
      return { word: 'refused', tone: 'bad' }
    case 'failed':
      return { word: 'not done', tone: 'bad' }
    case 'read': {
      if (prospect === null) return { word: 'not read', tone: 'bad' }
      if (prospect.problems.length > 0) return { word: 'cannot be given', tone: 'bad' }
      const n = prospect.changes.length + prospect.along.length
      return n === 0
        ? { word: 'is like this already', tone: 'ok' }
        : { word: `${n} ${n === 1 ? 'change' : 'changes'}`, tone: 'run' }
    }
  }
}

// What is different between two snapshots, as a tree that grows while the host compares. Each path leads to a restore of it
// from either.

import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import { diff } from '../../api/lines'
import { hostQuery } from '../../api/queries'
import type { DiffTotals, Part, SnapshotRow } from '../../api/types.gen'
import { addChanges, addSizes, type DiffTree, emptyDiff } from '../../model/diffTree'
import { ofRepository } from '../../model/snapshots'
import { useAnswer } from '../../parts/answer'
import { presenceWord } from '../../parts/presence'
import { useSnapshots } from '../../parts/snapshots'
import { paths } from '../../paths'
import {
  Button,
  EmptyState,
  ErrorState,
  ExactTime,
  Facts,
  LinkButton,
  Notice,
  Page,
  RelativeTime,
  Section,
} from '../../ui'
import { DiffSection } from './DiffSection'
import { SnapshotPicker } from './SnapshotPicker'

export default function ComparePage() {
  const { agent = '', repository = '', older = '', newer = '' } = useParams()
  const host = useQuery(hostQuery(agent)).data
  const name = host?.row.name ?? 'Host'
  const { all } = useSnapshots(agent)
  const rows = useMemo(() => ofRepository(all, repository), [all, repository])
  const navigate = useNavigate()
  const [choosing, setChoosing] = useState<'older' | 'newer' | null>(null)
  const of = (id: string) => rows.find(({ snapshot }) => snapshot.id === id)
  function choose({ snapshot }: SnapshotRow) {
    setChoosing(null)
    const pair = choosing === 'older' ? ([snapshot.id, newer] as const) : ([older, snapshot.id] as const)
    void navigate(paths.compare(agent, repository, ...pair))
  }
  return (
    <Page
      title={`Compare · ${name}`}
      heading="Compare"
      trail={[
        { to: paths.fleet, label: 'Fleet' },
        { to: paths.host(agent), label: name },
        { to: paths.snapshots(agent), label: 'Snapshots' },
      ]}
      actions={<LinkButton to={paths.compare(agent, repository, newer, older)}>Swap them</LinkButton>}
    >
      {host !== undefined && host.row.presence !== 'online' && (
        <Notice tone="warn" title={`${name}: ${presenceWord(host.row.presence).toLowerCase()}`} role="status">
          Only the host can look into its repository. Compare again when it is back.
        </Notice>
      )}
      <Section title="Snapshots" data-testid="compared">
        <Facts
          items={[
            { name: 'Older', value: <One id={older} row={of(older)} which="older" onChoose={setChoosing} /> },
            { name: 'Newer', value: <One id={newer} row={of(newer)} which="newer" onChoose={setChoosing} /> },
          ]}
        />
      </Section>
      {older === newer ? (
        <Section>
          <EmptyState
            title="That is the same snapshot twice"
            action={<Button onClick={() => setChoosing('older')}>Choose another one</Button>}
          >
            There is nothing between a snapshot and itself.
          </EmptyState>
        </Section>
      ) : (
        <Compared key={`${older}/${newer}`} {...{ agent, repository, older, newer }} />
      )}
      <SnapshotPicker
        open={choosing !== null}
        onClose={() => setChoosing(null)}
        title={
          choosing === 'older' ? 'Compare with which older snapshot?' : 'Compare with which newer snapshot?'
        }
        rows={rows}
        but={[older, newer]}
        onChoose={choose}
      />
    </Page>
  )
}

function One(props: {
  id: string
  row: SnapshotRow | undefined
  which: 'older' | 'newer'
  onChoose: (which: 'older' | 'newer') => void
}) {
  const { id, row, which, onChoose } = props
  return (
    <>
      <code title={id}>{id.slice(0, 8)}</code>
      {row !== undefined && (
        <>
          {' '}
          · <ExactTime at={row.snapshot.time} /> · <RelativeTime at={row.snapshot.time} />
          {row.snapshot.group !== null && ` · ${row.snapshot.group}`}
        </>
      )}{' '}
      <Button small look="quiet" onClick={() => onChoose(which)} aria-label={`Another ${which} one`}>
        Another…
      </Button>
    </>
  )
}

interface Gathered {
  tree: DiffTree
  totals: DiffTotals | null
}

function Compared(pair: { agent: string; repository: string; older: string; newer: string }) {
  const { agent, repository, older, newer } = pair
  const ask = useCallback(
    (signal: AbortSignal) => diff({ agent, repository, older, newer }, signal),
    [agent, repository, older, newer],
  )
  const answer = useAnswer<Gathered>(ask, () => ({ tree: emptyDiff(), totals: null }), take)
  const nothing = answer.value.tree.all.length === 0
  return (
    <>
      {answer.state === 'failed' && (
        <ErrorState
          error={answer.error}
          title={nothing ? 'The snapshots were not compared' : 'The comparison is not whole'}
          retry={answer.again}
        />
      )}
      {!(answer.state === 'failed' && nothing) && <DiffSection {...pair} answer={answer} />}
    </>
  )
}

function take(gathered: Gathered, part: Part): void {
  if (part.part === 'changes') addChanges(gathered.tree, part.changes)
  else if (part.part === 'sizes') addSizes(gathered.tree, part.sizes)
  else if (part.part === 'compared') gathered.totals = part.totals
}

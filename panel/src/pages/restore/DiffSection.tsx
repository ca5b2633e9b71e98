// Changes as a tree, with what they add up to and filters over them.

import { useMemo, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import type { ChangeKind, DiffTotals } from '../../api/types.gen'
import { formatBytes, formatCount } from '../../model/bytes'
import {
  CHANGE_KINDS,
  CHANGE_MARKS,
  CHANGE_WORDS,
  countWords,
  type DiffNode,
  type DiffTree,
  diffRows,
  placeOf,
  totalsWords,
} from '../../model/diffTree'
import { shownPath, trailOf } from '../../model/rawPath'
import { withParams } from '../../model/search'
import type { Answer } from '../../parts/answer'
import { paths } from '../../paths'
import {
  Button,
  Bytes,
  CheckField,
  type Drawn,
  EmptyState,
  Notice,
  SearchField,
  Section,
  Skeleton,
  Tree,
  type TreeRow,
} from '../../ui'
import styles from './Restore.module.css'

interface Props {
  agent: string
  repository: string
  older: string
  newer: string
  answer: Answer<{ tree: DiffTree; totals: DiffTotals | null }>
}

type Row = TreeRow & { node: DiffNode }

export function DiffSection({ agent, repository, older, newer, answer }: Props) {
  const { value, version, state } = answer
  const { tree, totals } = value
  const [search, setSearch] = useSearchParams()
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map())
  const text = search.get('q') ?? ''
  const kinds = CHANGE_KINDS.filter((kind) => search.getAll('kind').includes(kind))
  const filtered = text !== '' || kinds.length > 0
  const wanted = kinds.join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the tree grows in place, and its version tells of it
  const rows = useMemo(
    () =>
      diffRows(tree, { kinds, text }, (node, level) => {
        // What is looked for is shown; otherwise one level, and ways on which nothing branches off.
        return toggled.get(node.path) ?? (text !== '' || level === 1 || node.children.size === 1)
      }).map(
        ({ node, level, place, of, open, opens }): Row => ({
          ...{ key: node.path, level, place, of, open: opens ? open : null, node },
        }),
      ),
    [tree, version, wanted, text, toggled],
  )
  const draw = ({ node }: Row) =>
    drawn(node, (snapshot) => linkTo(agent, repository, snapshot, node.path), { older, newer })
  return (
    <Section
      flush
      title="Differences"
      actions={
        state === 'coming' ? (
          <Button small icon="stop" onClick={answer.stop}>
            Stop
          </Button>
        ) : (
          <Button small icon="refresh" look="quiet" onClick={answer.again}>
            Compare again
          </Button>
        )
      }
      data-testid="differences"
    >
      <div className={styles.bar}>
        <p role="status" data-testid="diff-totals">
          {state === 'coming' && 'Comparing… '}
          {totals === null ? countWords(tree.root.counts) : totalsWords(totals, tree.root.counts)}
          {state === 'stopped' && ' – stopped before all was compared'}
          {totals === null && tree.all.length > 0 && state === 'coming' && ' so far'}
        </p>
      </div>
      <div className={styles.bar}>
        <fieldset className={styles.kinds}>
          <legend className="rm-visually-hidden">Show only</legend>
          {CHANGE_KINDS.map((kind) => (
            <CheckField
              key={kind}
              label={`${CHANGE_MARKS[kind]} ${CHANGE_WORDS[kind]}`}
              checked={kinds.includes(kind)}
              onChange={(on) => {
                const next = on ? [...kinds, kind] : kinds.filter((one) => one !== kind)
                setSearch(withParams(search, { kind: next }), { replace: true })
              }}
            />
          ))}
        </fieldset>
        <SearchField
          label="Filter the differences by name"
          placeholder="Part of a name, or of a path with /"
          text={text}
          onSearch={(q) => setSearch((before) => withParams(before, { q }), { replace: true })}
        />
      </div>
      {totals !== null && totals.untold > 0 && (
        <Notice tone="warn" title={`${formatCount(totals.untold)} more changes are not listed one by one`}>
          The totals count them. Compare snapshots that lie closer together to see each.
        </Notice>
      )}
      {rows.length > 0 ? (
        <Tree
          label="Differences"
          rows={rows}
          busy={state === 'coming'}
          draw={draw}
          onOpen={(row, open) => setToggled((before) => new Map(before).set(row.key, open))}
        />
      ) : state === 'coming' ? (
        <div className={styles.bar}>
          <Skeleton rows={6} label="Comparing the snapshots" />
        </div>
      ) : state === 'done' ? (
        <EmptyState title={filtered ? 'No difference like that' : 'No difference: both hold the same'} />
      ) : null}
    </Section>
  )
}

function linkTo(agent: string, repository: string, snapshot: string, printed: string): string {
  const { at, pick, like } = placeOf(printed)
  return paths.restore(agent, repository, snapshot, { from: at, pick, like })
}

/** In which of both a path is. */
const IN: Readonly<Record<ChangeKind, { older: boolean; newer: boolean }>> = {
  added: { older: false, newer: true },
  removed: { older: true, newer: false },
  changed: { older: true, newer: true },
  metadata: { older: true, newer: true },
  type: { older: true, newer: true },
}

function drawn(
  node: DiffNode,
  link: (snapshot: string) => string,
  pair: { older: string; newer: string },
): Drawn {
  const name = shownPath(node.name.replaceAll('\\', '\\\\'))
  const { change } = node
  const there = change === null ? IN.changed : IN[change]
  return {
    name: (
      <>
        <span className={styles.mark} data-change={change} aria-hidden="true">
          {change === null ? '' : CHANGE_MARKS[change]}
        </span>{' '}
        <bdi>{name}</bdi>
        {change !== null && <span className="rm-visually-hidden">, {CHANGE_WORDS[change]}</span>}
        {node.children.size > 0 && <span className={styles.dim}> {countWords(node.counts)}</span>}
      </>
    ),
    title: name,
    detail: <Sizes node={node} />,
    worded: true,
    actions: (inOrder) => (
      <span className={styles.links}>
        {(['older', 'newer'] as const)
          .filter((which) => there[which])
          .map((which) => (
            <span key={which}>
              <Link
                to={link(pair[which])}
                tabIndex={inOrder ? 0 : -1}
                title={`Restore ${name} from the ${which} one`}
              >
                {which}
              </Link>{' '}
            </span>
          ))}
      </span>
    ),
  }
}

/** Deeper, a narrow window has room for the name alone. */
const NEAR = 5

function Sizes({ node }: { node: DiffNode }) {
  const { before, after, growth } = node
  const look = { className: styles.size, 'data-deep': trailOf(node.path).length > NEAR }
  if (node.children.size > 0) {
    if (growth === 0) return <span {...look} />
    return <span {...look}>{`${growth > 0 ? '+' : ''}${formatBytes(growth)}`}</span>
  }
  if (before === undefined && after === undefined) return <span {...look} />
  return (
    <span {...look}>
      {before !== undefined && after !== undefined && before !== after ? (
        <>
          <Bytes value={before} /> → <Bytes value={after} />
        </>
      ) : (
        <Bytes value={after ?? before} />
      )}
    </span>
  )
}

// The tree of a snapshot, opened directory by directory: ticks, sizes, times, what links lead to, and a way to download.

import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { Link, useSearchParams } from 'react-router'
import { type Place, treeQuery } from '../../api/trees'
import type { ArchiveFormat, Node } from '../../api/types.gen'
import { formatCount } from '../../model/bytes'
import { picked, tickOf, tickShown } from '../../model/picks'
import { isNoText, isPlainAbsolute, nameOf, ROOT, shownPath, trailOf } from '../../model/rawPath'
import { totalWords } from '../../model/restore'
import { withParams } from '../../model/search'
import { useLack } from '../../parts/Allowed'
import { useDownload } from '../../parts/download'
import {
  Button,
  Bytes,
  CheckField,
  type Drawn,
  ErrorState,
  ExactTime,
  IconButton,
  SearchField,
  Section,
  SegmentField,
  Skeleton,
  Tree,
} from '../../ui'
import styles from './Restore.module.css'
import { namesOf, rowsOf, type SnapshotRow, SnapshotTree } from './tree'
import type { Weights } from './weights'
import type { Wishing } from './wish'

/** The directory that is shown, and what is looked for in it: both stand in the address. */
function usePlaceShown() {
  const [search, setSearch] = useSearchParams()
  const asked = search.get('at')
  const at = asked !== null && isPlainAbsolute(asked) ? asked : ROOT
  const to = useCallback(
    (change: { at?: string; name?: string }) =>
      setSearch(
        (before) =>
          withParams(before, {
            ...(change.at !== undefined && { at: change.at === ROOT ? null : change.at, name: null }),
            ...(change.name !== undefined && { name: change.name }),
          }),
        { replace: change.at === undefined },
      ),
    [setSearch],
  )
  return { at, name: search.get('name') ?? '', to }
}

function useTree({ agent, repository, snapshot }: Place): SnapshotTree {
  const queries = useQueryClient()
  const tree = useMemo(
    () => new SnapshotTree((asked) => queries.fetchQuery(treeQuery({ agent, repository, snapshot }, asked))),
    [queries, agent, repository, snapshot],
  )
  useSyncExternalStore(tree.subscribe, tree.version)
  return tree
}

interface Props {
  place: Place
  wishing: Wishing
  weights: Weights
  /** The host is there to be asked, and takes orders. */
  mayDownload: boolean
}

export function TreeSection({ place, wishing, weights, mayDownload }: Props) {
  const tree = useTree(place)
  const { at, name, to } = usePlaceShown()
  useEffect(() => tree.show(at, name), [tree, at, name])
  const version = tree.version()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the tree is the same one, and its version tells of changes
  const rows = useMemo(() => rowsOf(tree, at, name), [tree, at, name, version])
  const all = useMemo(() => picked(wishing.wish.picks), [wishing.wish.picks])
  const tickOfRow = (row: SnapshotRow) =>
    row.kind === 'node' ? tickShown(all, row.path, (path) => namesOf(tree, path)) : null
  const toggle = (row: SnapshotRow) => {
    if (row.kind !== 'node') return
    wishing.tick(row.path, tickOfRow(row) !== 'on', row.node.size ?? sizeless(row.node))
  }
  const [archive, setArchive] = useState<ArchiveFormat>('tar')
  const actions = useRowActions(place, { archive, mayDownload, into: (path) => to({ at: path }) })
  const here = tree.directory(at, name)
  const onSeen = useCallback(
    (seen: readonly SnapshotRow[]) => {
      for (const row of seen) if (row.kind === 'rest' && row.state === 'more') tree.more(row.path, row.name)
    },
    [tree],
  )
  const failed = here !== undefined && here.error !== null && here.nodes.length === 0 && !here.loading
  return (
    <Section
      flush
      title="What comes back"
      actions={
        <SegmentField
          label="Directories download as"
          value={archive}
          onChange={setArchive}
          choices={[
            { value: 'tar', label: 'tar' },
            { value: 'zip', label: 'zip' },
          ]}
        />
      }
      data-testid="restore-tree"
    >
      <div className={styles.bar}>
        <Trail at={at} />
        <SearchField
          label="Filter this directory by name"
          placeholder="Filter this directory"
          text={name}
          onSearch={(text) => to({ name: text.trim() })}
        />
      </div>
      {failed ? (
        <>
          <ErrorState
            error={here.error}
            title={`${shownPath(at)} cannot be shown`}
            retry={() => tree.more(at, name, true)}
          />
          <Everything ticked={tickOf(all, ROOT) === 'on'} onTick={(take) => wishing.tick(ROOT, take)} />
        </>
      ) : here === undefined || (here.loading && here.nodes.length === 0) ? (
        <div className={styles.bar}>
          <Skeleton rows={6} label="Asking the host what is in it" />
        </div>
      ) : (
        <Tree
          label="Files of the snapshot"
          rows={rows}
          busy={here.loading}
          draw={(row) => drawn(row, weights, actions)}
          onOpen={(row, open) => row.kind === 'node' && tree.setOpen(row.path, open)}
          tickOf={tickOfRow}
          onTick={toggle}
          onEnter={(row) => {
            if (row.kind === 'rest') tree.more(row.path, row.name, true)
            else if (row.node.kind === 'directory') to({ at: row.path })
            else toggle(row)
          }}
          onSeen={onSeen}
        />
      )}
      <TotalBar wishing={wishing} weights={weights} inside={here} at={at} filtered={name !== ''} />
    </Section>
  )
}

/** Without the tree nothing can be ticked in it; the whole snapshot can be had without knowing what is in it. */
function Everything({ ticked, onTick }: { ticked: boolean; onTick: (take: boolean) => void }) {
  return (
    <div className={styles.bar}>
      <CheckField
        label="Everything in this snapshot"
        help="Only the snapshot’s own host can show what is in it. The whole of it can be restored all the same: on another host, without this one, or here when it is back."
        checked={ticked}
        onChange={onTick}
      />
    </div>
  )
}

/** A link, a device or the like takes no room; of a directory nobody knows before it is measured. */
const sizeless = (node: Node) => (node.kind === 'directory' ? undefined : 0)

function TotalBar(props: {
  wishing: Wishing
  weights: Weights
  inside: { total: number; nodes: readonly Node[] } | undefined
  at: string
  filtered: boolean
}) {
  const { wishing, weights, inside, at, filtered } = props
  const any = wishing.wish.picks.length > 0
  return (
    <div className={styles.bar}>
      <p role="status" data-testid="restore-total">
        {any ? (
          <>
            Ticked: <strong>{totalWords(weights.total)}</strong>
            {weights.measuring !== null && (
              <span className={styles.dim}> · measuring {shownPath(nameOf(weights.measuring))}…</span>
            )}
          </>
        ) : (
          'Nothing is ticked yet.'
        )}
        {inside !== undefined && inside.total > 0 && (
          <span className={styles.dim}>
            {' '}
            · {formatCount(inside.total)} {inside.total === 1 ? 'entry' : 'entries'} in {shownPath(at)}
            {filtered && ' of that name'}
          </span>
        )}
      </p>
      {any && (
        <Button small look="quiet" onClick={() => wishing.tick(ROOT, false)}>
          Untick all
        </Button>
      )}
    </div>
  )
}

function Trail({ at }: { at: string }) {
  const [search] = useSearchParams()
  const steps = trailOf(at)
  return (
    <nav aria-label="Directory">
      <ol className={styles.trail}>
        {steps.map((step, place) => (
          <li key={step} title={isNoText(step) ? step : undefined}>
            {place === steps.length - 1 ? (
              <span aria-current="page">
                <bdi>{shownPath(nameOf(step))}</bdi>
              </span>
            ) : (
              <Link
                to={{ search: `?${withParams(search, { at: step === ROOT ? null : step, name: null })}` }}
              >
                <bdi>{shownPath(nameOf(step))}</bdi>
              </Link>
            )}
            {place > 0 && place < steps.length - 1 && ' /'}
          </li>
        ))}
      </ol>
    </nav>
  )
}

type RowActions = (row: Extract<SnapshotRow, { kind: 'node' }>, inOrder: boolean) => ReactNode

function useRowActions(
  place: Place,
  how: { archive: ArchiveFormat; mayDownload: boolean; into: (path: string) => void },
): RowActions {
  const { archive, mayDownload, into } = how
  const download = useDownload()
  const lack = useLack('operator', 'download files')
  return ({ node, path }, inOrder) => {
    const name = shownPath(node.name)
    const isDirectory = node.kind === 'directory'
    const why = lack ?? (mayDownload ? null : 'The host is away: nothing can be downloaded.')
    const order = { tabIndex: inOrder ? 0 : -1 }
    return (
      <span className={styles.buttons}>
        {isDirectory && (
          <IconButton icon="right" label={`Show only ${name}`} onClick={() => into(path)} {...order} />
        )}
        {(isDirectory || node.kind === 'file') && (
          <IconButton
            icon="download"
            label={why === null ? `Download ${name}` : `Download ${name}: ${why}`}
            disabled={why !== null}
            onClick={() =>
              void download.start({
                ...place,
                path,
                ...(isDirectory ? { archive, name: `${name}.${archive}` } : { name }),
                ...(node.size !== undefined && { size: node.size }),
              })
            }
            {...order}
          />
        )}
      </span>
    )
  }
}

function drawn(row: SnapshotRow, weights: Weights, actions: RowActions): Drawn {
  if (row.kind === 'rest') return { name: <span className={styles.dim}>{restWords(row)}</span> }
  const { node } = row
  const size = node.kind === 'directory' ? weights.weightOf(row.path)?.bytes : node.size
  return {
    name: (
      <>
        <bdi>{shownPath(node.name)}</bdi>
        {node.target !== undefined && (
          <>
            {' '}
            <span className={styles.dim} title={isNoText(node.target) ? node.target : undefined}>
              → <bdi>{shownPath(node.target)}</bdi>
            </span>
          </>
        )}
        {node.kind === 'other' && <span className={styles.dim}> (device, socket or pipe)</span>}
      </>
    ),
    title: isNoText(node.name) ? `Not all of this name is text. It is ${node.name}` : shownPath(node.name),
    detail: (
      <>
        <span className={styles.time}>
          <ExactTime at={node.mtime} />
        </span>{' '}
        <span className={styles.size}>{size === undefined ? '' : <Bytes value={size} />}</span>
      </>
    ),
    actions: (inOrder) => actions(row, inOrder),
  }
}

function restWords({ state, directory }: Extract<SnapshotRow, { kind: 'rest' }>): string {
  const { nodes, total, error } = directory
  const so = nodes.length === 0 ? '' : ` ${formatCount(nodes.length)} of ${formatCount(total)} are here.`
  switch (state) {
    case 'coming':
    case 'more':
      return `Reading on…${so}`
    case 'empty':
      return 'Nothing in it.'
    case 'failed':
      return `${error instanceof Error ? error.message : 'It could not be read.'}${so} Press to try again.`
  }
}

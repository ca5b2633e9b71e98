// Getting files back, on one page: snapshot, tree, target, how, and all of it in words before it is given.

import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useParams, useSearchParams } from 'react-router'
import { hostQuery, type WholeHost } from '../../api/queries'
import { printedPath } from '../../model/diffTree'
import { abilitiesOf, restoreOf } from '../../model/restore'
import { useLack } from '../../parts/Allowed'
import { presenceWord } from '../../parts/presence'
import { useSnapshots } from '../../parts/snapshots'
import { paths } from '../../paths'
import { ErrorState, Notice, Page, RelativeTime, Skeleton } from '../../ui'
import { GiveSection } from './GiveSection'
import { OptionsSection } from './OptionsSection'
import type { OtherTarget } from './otherHost'
import styles from './Restore.module.css'
import { SnapshotSection } from './SnapshotSection'
import { TargetSection } from './TargetSection'
import { TreeSection } from './TreeSection'
import { useWeights } from './weights'
import { useWish } from './wish'

export default function RestorePage() {
  const { agent = '', repository = '', snapshot = '' } = useParams()
  const host = useQuery(hostQuery(agent))
  if (host.data !== undefined) {
    return <Loaded key={`${agent}/${repository}/${snapshot}`} host={host.data} />
  }
  return (
    <Page title="Restore" trail={trail(agent, 'Host')}>
      {host.isError ? (
        <ErrorState error={host.error} retry={() => void host.refetch()} />
      ) : (
        <Skeleton rows={8} label="Loading the host" />
      )}
    </Page>
  )
}

export function trail(agent: string, host: string) {
  return [
    { to: paths.fleet, label: 'Fleet' },
    { to: paths.host(agent), label: host },
    { to: paths.snapshots(agent), label: 'Snapshots' },
  ]
}

function Loaded({ host }: { host: WholeHost }) {
  const { agent = '', repository = '', snapshot = '' } = useParams()
  const place = useMemo(() => ({ agent, repository, snapshot }), [agent, repository, snapshot])
  const present = host.row.presence === 'online'
  const lack = useLack('operator', 'restore files')
  const { all } = useSnapshots(agent)
  const row = all.find((one) => one.repository === repository && one.snapshot.id === snapshot)
  const wishing = useWish(place)
  const { wish } = wishing
  const weights = useWeights(place, wishing, { present, snapshot: row?.snapshot })
  const can = abilitiesOf(host.facts)
  const like = useSearchParams()[0].get('like')
  const [typed, setTyped] = useState('')
  const [other, setOther] = useState<OtherTarget | null>(null)
  const { target: _, ...chosen } = useMemo(
    () => restoreOf(wish, { repository, snapshot, host: '' }),
    [wish, repository, snapshot],
  )
  return (
    <Page title={`Restore · ${host.row.name}`} heading="Restore" trail={trail(agent, host.row.name)}>
      {lack !== undefined && (
        <Notice tone="idle" title="You can look, but not restore" role="status">
          {lack} What is chosen here goes nowhere.
        </Notice>
      )}
      {like !== null && (
        <Notice tone="warn" title="It could not be ticked for you" role="status">
          Not all of the name <bdi>{printedPath(like)}</bdi> is text, so a link cannot name it. The directory
          it lies in is open below: tick it there.
        </Notice>
      )}
      {!present && <Absent host={host} />}
      {wishing.again !== null && (
        <ErrorState
          error={wishing.again.error}
          title="What the earlier restore was asked for is not here"
          retry={wishing.again.retry}
        />
      )}
      <div className={styles.columns}>
        <div className={styles.column}>
          <SnapshotSection place={place} wishing={wishing} />
          <TreeSection place={place} wishing={wishing} weights={weights} mayDownload={present} />
          <OptionsSection wish={wish} can={can} set={wishing.set} />
        </div>
        <div className={styles.column}>
          <TargetSection
            host={host}
            wish={wish}
            can={can}
            set={wishing.set}
            typed={typed}
            onTyped={setTyped}
            other={{ restore: chosen, onTarget: setOther }}
          />
          <GiveSection
            place={place}
            host={host}
            snapshot={row}
            wishing={wishing}
            weights={weights}
            can={can}
            typed={typed}
            other={wish.to === 'other' ? other : null}
          />
        </div>
      </div>
    </Page>
  )
}

/** Only the host itself can look into its repository. */
function Absent({ host }: { host: WholeHost }) {
  const { row } = host
  return (
    <Notice tone="warn" title={`${row.name}: ${presenceWord(row.presence).toLowerCase()}`} role="status">
      Only the host can look into its repository, and it was last seen <RelativeTime at={row.last_seen} />.
      Directories that somebody opened within the last half hour can still be opened here; the others when it
      is back. If it never comes back, tick everything in the snapshot and restore it on another host.
    </Notice>
  )
}

// The fleet's figures; each filters or sorts the hosts, and a second click takes that away again.

import type { TilesView } from '../../api/types.gen'
import { withParams } from '../../model/search'
import { Bytes, Count, ErrorState, Skeleton, type TileItem, Tiles } from '../../ui'
import { AWAY, sameStatuses } from './filter'
import { Outcomes } from './Outcomes'

interface Props {
  tiles: TilesView | undefined
  error: unknown
  search: URLSearchParams
}

export function FleetTiles({ tiles, error, search }: Props) {
  if (tiles === undefined) {
    return error === null ? (
      <Skeleton rows={1} height={78} label="Loading the figures" />
    ) : (
      <ErrorState error={error} />
    )
  }
  const toggle = (name: string, ...values: readonly string[]) => {
    const active = sameStatuses(search.getAll(name), values)
    return { active, to: `?${withParams(search, { [name]: active ? null : values }).toString()}` }
  }
  const { last_day } = tiles
  const items: TileItem[] = [
    {
      id: 'online',
      label: 'Hosts online',
      value: (
        <>
          <Count value={tiles.online} /> of <Count value={tiles.hosts} />
        </>
      ),
      detail: tiles.online === tiles.hosts ? 'all of them' : `${tiles.hosts - tiles.online} away`,
      ...toggle('status', ...(tiles.online === tiles.hosts ? ['online'] : AWAY)),
    },
    {
      id: 'last-day',
      label: 'Backups in the last 24 hours',
      value: <Count value={last_day.succeeded + last_day.incomplete + last_day.failed + last_day.other} />,
      detail: <Outcomes counts={last_day} />,
      // It counts backups, not hosts: a host that failed and then succeeded is in no filter by its last backup.
      ...toggle('sort', '-last_backup'),
    },
    {
      id: 'protected',
      label: 'Protected data',
      value: <Bytes value={tiles.protected_bytes} />,
      ...toggle('sort', '-size'),
    },
    {
      id: 'snapshots',
      label: 'Snapshots',
      value: <Count value={tiles.snapshots} />,
      ...toggle('sort', '-snapshots'),
    },
    {
      id: 'held',
      label: 'Held back',
      value: <Count value={tiles.held ?? 0} />,
      detail: (tiles.held ?? 0) === 0 ? 'nothing' : 'old snapshots are kept until somebody looks',
      ...toggle('held', 'true'),
    },
    {
      id: 'behind',
      label: 'Agents behind',
      value: <Count value={tiles.behind} />,
      detail: tiles.behind === 0 ? 'none' : 'older than this coordinator',
      ...toggle('status', 'behind'),
    },
  ]
  return <Tiles label="Figures of the fleet" items={items} />
}

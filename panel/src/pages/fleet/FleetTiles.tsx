// The fleet's figures; each is a filter, and a second click takes it away again.

import type { TilesView } from '../../api/types.gen'
import { withParams } from '../../model/search'
import { Bytes, Count, ErrorState, Skeleton, type TileItem, Tiles } from '../../ui'
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
  const toggle = (name: string, value: string) => {
    const active = search.get(name) === value
    return { active, to: `?${withParams(search, { [name]: active ? null : value }).toString()}` }
  }
  const { last_day } = tiles
  const trouble = last_day.failed > 0 ? 'failed' : last_day.incomplete > 0 ? 'incomplete' : 'succeeded'
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
      ...toggle('status', tiles.online === tiles.hosts ? 'online' : 'offline'),
    },
    {
      id: 'last-day',
      label: 'Backups in the last 24 hours',
      value: <Count value={last_day.succeeded + last_day.incomplete + last_day.failed + last_day.other} />,
      detail: <Outcomes counts={last_day} />,
      ...toggle('status', trouble),
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
      id: 'behind',
      label: 'Agents behind',
      value: <Count value={tiles.behind} />,
      detail: tiles.behind === 0 ? 'none' : 'older than this coordinator',
      ...toggle('status', 'behind'),
    },
  ]
  return <Tiles label="Figures of the fleet" items={items} />
}

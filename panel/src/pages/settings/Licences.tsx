// Everything that is shipped inside, with its licence, and the texts of restic-manager's own. Loaded when somebody asks.

import { useQuery } from '@tanstack/react-query'
import { Chip, type Column, DataTable, ErrorState, Skeleton, Stack } from '../../ui'
import styles from './Licences.module.css'

interface Shipped {
  name: string
  version: string
  licence: string
  where: 'programs' | 'panel'
}

export default function Licences() {
  const licences = useQuery({
    queryKey: ['licences'],
    queryFn: async () => {
      const { default: list } = await import('./licences.gen.json')
      const rows = [
        ...list.packages.map((row) => shipped(row, 'panel')),
        ...list.crates.map((row) => shipped(row, 'programs')),
      ]
      return { rows, mit: list.mit, apache: list.apache }
    },
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (licences.isError) return <ErrorState error={licences.error} retry={() => void licences.refetch()} />
  if (licences.data === undefined) return <Skeleton rows={6} label="Loading the licences" />
  const { rows, mit, apache } = licences.data
  return (
    <Stack>
      <Text title="The MIT licence" text={mit} />
      <Text title="The Apache licence 2.0" text={apache} />
      <DataTable
        label="Shipped packages"
        rows={rows}
        columns={COLUMNS}
        rowKey={({ where, name, version }) => `${where} ${name} ${version}`}
      />
    </Stack>
  )
}

function shipped([name = '', version = '', licence = '']: string[], where: Shipped['where']): Shipped {
  return { name, version, licence, where }
}

function Text({ title, text }: { title: string; text: string }) {
  return (
    <details>
      <summary className={styles.title}>{title}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <pre className={styles.text} tabIndex={0}>
        {text}
      </pre>
    </details>
  )
}

const COLUMNS: readonly Column<Shipped>[] = [
  { id: 'name', header: 'Package', cell: ({ name }) => <code>{name}</code> },
  { id: 'version', header: 'Version', width: '8rem', cell: ({ version }) => version },
  { id: 'where', header: 'Inside', width: '8rem', cell: ({ where }) => <Chip>{where}</Chip> },
  { id: 'licence', header: 'Licence', width: '22rem', cell: ({ licence }) => licence },
]

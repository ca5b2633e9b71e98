// @vitest-environment jsdom

import { MantineProvider } from '@mantine/core'
import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { MemoryRouter } from 'react-router'
import { describe, expect, it, vi } from 'vitest'
import type { Sort } from '../../src/model/search'
import { type Column, DataTable } from '../../src/ui/DataTable'

interface Row {
  name: string
  size: number | null
}

const ROWS: Row[] = [
  { name: 'web-10', size: 5 },
  { name: 'web-2', size: null },
  { name: 'db', size: 20 },
]
const COLUMNS: Column<Row>[] = [
  { id: 'name', header: 'Name', sortable: true, value: (row) => row.name, cell: (row) => row.name },
  {
    id: 'size',
    header: 'Size',
    sortable: true,
    descendingFirst: true,
    value: (row) => row.size,
    cell: (row) => row.size ?? '–',
  },
]

function Shown() {
  const [sort, setSort] = useState<Sort>({ id: 'name', desc: false })
  return (
    <MemoryRouter>
      <DataTable
        label="Things"
        rows={ROWS}
        columns={COLUMNS}
        rowKey={(row) => row.name}
        rowHref={(row) => `/x/${row.name}`}
        sort={sort}
        onSort={setSort}
      />
    </MemoryRouter>
  )
}

const order = () =>
  within(screen.getAllByRole('rowgroup')[1] as HTMLElement)
    .getAllByRole('row')
    .map((row) => row.querySelector('td')?.textContent)

describe('the table', () => {
  it('sorts, numbers within names as numbers, what is unknown last both ways', async () => {
    render(<Shown />)
    expect(order()).toEqual(['db', 'web-2', 'web-10'])
    const size = screen.getByRole('button', { name: 'Size' })
    await userEvent.click(size)
    expect(order()).toEqual(['db', 'web-10', 'web-2'])
    expect(screen.getByRole('columnheader', { name: 'Size' }).getAttribute('aria-sort')).toBe('descending')
    await userEvent.click(size)
    expect(order()).toEqual(['web-10', 'db', 'web-2'])
    expect(screen.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort')).toBe('none')
  })

  it('makes each row one link', () => {
    render(<Shown />)
    expect(screen.getByRole('link', { name: 'web-2' }).getAttribute('href')).toBe('/x/web-2')
    expect(screen.getAllByRole('link')).toHaveLength(3)
  })
})

describe('a page that did not come', () => {
  it('is said, and asked for again only by hand', async () => {
    const load = vi.fn()
    const more = { has: true, loading: false, load, failed: new Error('The coordinator is busy.') }
    render(
      <MantineProvider env="test">
        <MemoryRouter>
          <DataTable label="Things" rows={ROWS} columns={COLUMNS} rowKey={(row) => row.name} more={more} />
        </MemoryRouter>
      </MantineProvider>,
    )
    expect(screen.getByRole('alert').textContent).toContain('The coordinator is busy.')
    expect(load).not.toHaveBeenCalled()
    await userEvent.setup().click(screen.getByRole('button', { name: 'Try again' }))
    expect(load).toHaveBeenCalledTimes(1)
  })
})

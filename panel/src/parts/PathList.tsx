// Paths or patterns below each other; long lists fold.

import { useState } from 'react'
import { shownText } from '../model/rawPath'
import { Button } from '../ui'
import styles from './PathList.module.css'

const SHOWN = 6

export function PathList({ items, none }: { items: readonly string[]; none: string }) {
  const [all, setAll] = useState(false)
  if (items.length === 0) return none
  const shown = all ? items : items.slice(0, SHOWN)
  return (
    <>
      <ul className={styles.list}>
        {shown.map((item) => (
          <li key={item}>{shownText(item)}</li>
        ))}
      </ul>
      {items.length > SHOWN && (
        <Button small look="quiet" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${items.length}`}
        </Button>
      )}
    </>
  )
}

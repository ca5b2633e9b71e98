// Outcomes of many jobs: a bar drawn to scale, and the same in words.

import type { OutcomeCounts } from '../../api/types.gen'
import styles from './Fleet.module.css'

const PARTS = [
  { key: 'succeeded', tone: 'ok', word: 'succeeded' },
  { key: 'incomplete', tone: 'warn', word: 'incomplete' },
  { key: 'failed', tone: 'bad', word: 'failed' },
  { key: 'other', tone: 'idle', word: 'other' },
] as const

export function Outcomes({ counts }: { counts: OutcomeCounts }) {
  const there = PARTS.filter(({ key }) => counts[key] > 0)
  if (there.length === 0) return <>none yet</>
  return (
    <>
      <span className={styles.outcomes} aria-hidden="true">
        {there.map(({ key, tone }) => (
          <span key={key} data-tone={tone} style={{ flexGrow: counts[key] }} />
        ))}
      </span>
      <span>{there.map(({ key, word }) => `${counts[key]} ${word}`).join(', ')}</span>
    </>
  )
}

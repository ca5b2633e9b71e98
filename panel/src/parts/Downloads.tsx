// The tray of what is being downloaded in this tab: how far, and a way to stop it. Nothing where nothing is.

import { useEffect } from 'react'
import { Button, Bytes, Progress } from '../ui'
import styles from './Downloads.module.css'
import { type Running, useRunning } from './download'
import { sweep } from './downloads/sink'

export default function Downloads() {
  const running = useRunning()
  const busy = running.length > 0
  useEffect(() => void sweep().catch(() => {}), [])
  useEffect(() => {
    if (!busy) return
    // Leaving now would lose it: the browser asks first.
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [busy])
  if (!busy) return null
  return (
    <section className={styles.tray} aria-label="Downloads">
      <h2>{running.length === 1 ? 'Downloading' : `Downloading ${running.length} files`}</h2>
      <ul>
        {running.map((one) => (
          <Row key={one.id} one={one} />
        ))}
      </ul>
    </section>
  )
}

function Row({ one }: { one: Running }) {
  const { name, bytes, size, stop } = one
  // Sizes come from the snapshot: an archive, or a file that was changed on its way in, may have more.
  const fraction = size === undefined || size === 0 || bytes > size ? null : bytes / size
  return (
    <li>
      <div className={styles.name} title={name}>
        <bdi>{name}</bdi>
      </div>
      <Progress fraction={fraction} label={`Download of ${name}`} />
      <div className={styles.numbers}>
        <span>
          <Bytes value={bytes} />
          {size !== undefined && (
            <>
              {' of '}
              <Bytes value={size} />
            </>
          )}
        </span>
        <Button small look="quiet" aria-label={`Stop the download of ${name}`} onClick={stop}>
          Stop
        </Button>
      </div>
    </li>
  )
}

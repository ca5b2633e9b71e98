// The keyboard, written down.

import { Dialog } from '../../ui'
import { GO } from './keys'
import styles from './Shell.module.css'

export default function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  const keys: [string[], string][] = [
    [['/'], 'Search'],
    ...GO.map(({ stroke, what }): [string[], string] => [['g', stroke], what]),
    [['?'], 'This list'],
    [['Esc'], 'Close what is open'],
    [['Tab'], 'Next; Shift-Tab: the one before'],
  ]
  return (
    <Dialog open={open} onClose={onClose} title="Keyboard" size="sm">
      <dl className={styles.keys}>
        {keys.map(([strokes, what]) => (
          <div key={what}>
            <dt>
              {strokes.map((stroke) => (
                <kbd key={stroke}>{stroke}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}

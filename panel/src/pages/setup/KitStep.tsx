// Step two: the 24 words and their QR, to be written down, printed, copied or downloaded.

import { kitText } from '../../model/kitText'
import { QrCode } from '../../parts/QrCode'
import { fingerprintText, fingerprintWords, type Kit } from '../../seal'
import { Actions, Button, FieldStack, Notice, toast, toClipboard } from '../../ui'
import styles from './Setup.module.css'

interface Props {
  kit: Kit
  coordinator: string
  onBack: () => void
  onDone: () => void
}

export function KitStep({ kit, coordinator, onBack, onDone }: Props) {
  const sheet = {
    words: kit.words,
    coordinator,
    fingerprint: fingerprintText(kit.fleet),
    fingerprintWords: fingerprintWords(kit.fleet),
    date: new Date().toISOString().slice(0, 10),
  }

  async function copy() {
    if (await toClipboard(kitText(sheet)))
      toast.ok('The kit is in the clipboard', 'Clear the clipboard after you have stored it.')
    else toast.bad('The browser did not let us copy', 'Write the words down, or print or download them.')
  }

  function download() {
    const address = URL.createObjectURL(new Blob([kitText(sheet)], { type: 'text/plain' }))
    const link = document.createElement('a')
    link.href = address
    link.download = `restic-manager-recovery-kit-${sheet.date}.txt`
    link.click()
    URL.revokeObjectURL(address)
  }

  return (
    <FieldStack>
      <div className={styles.sheet} data-testid="kit">
        <div className={styles.printOnly}>
          <h1>restic-manager recovery kit</h1>
          <p>
            Coordinator {coordinator}, made {sheet.date}
          </p>
        </div>
        <p className={styles.screenOnly}>
          These words were made in this browser just now and are stored nowhere. With them you rebuild the
          fleet’s trust when every browser key is lost, and read the repositories’ passwords when a host is
          gone. Whoever else has them can do the same.
        </p>
        <div className={styles.kit}>
          <ol className={styles.words} data-testid="kit-words">
            {kit.words.map((word, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a word may stand twice, its place never changes
              <li key={place}>{word}</li>
            ))}
          </ol>
          <QrCode text={kit.words.join(' ')} label="The same 24 words as a QR code" />
        </div>
        <p className={styles.small}>
          Fleet <code>{sheet.fingerprintWords.join(' ')}</code>
          <br />
          <code>{sheet.fingerprint}</code>
        </p>
      </div>
      <div className={styles.keep}>
        <Button icon="print" onClick={() => window.print()}>
          Print
        </Button>
        <Button icon="copy" onClick={() => void copy()}>
          Copy
        </Button>
        <Button icon="download" onClick={download}>
          Download
        </Button>
      </div>
      <Notice tone="warn" title="Nobody can make these words again">
        Keep them on paper or in a safe, away from this computer. On the next page three of them are asked
        back.
      </Notice>
      <Actions>
        <Button onClick={onBack}>Back</Button>
        <Button look="primary" onClick={onDone}>
          I have stored them
        </Button>
      </Actions>
    </FieldStack>
  )
}

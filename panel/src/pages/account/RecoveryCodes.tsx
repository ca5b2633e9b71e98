// The recovery codes, shown this once: to be copied, downloaded or printed.

import { createPortal } from 'react-dom'
import { type CodeSheet, recoveryText } from '../../model/recoveryText'
import { Actions, Button, FieldStack, Notice, toast, toClipboard } from '../../ui'
import styles from './Account.module.css'

interface Props {
  user: string
  codes: readonly string[]
  onDone: () => void
}

export function RecoveryCodes({ user, codes, onDone }: Props) {
  const sheet = { codes, user, site: location.origin, date: new Date().toISOString().slice(0, 10) }

  async function copy() {
    if (await toClipboard(recoveryText(sheet)))
      toast.ok('The codes are in the clipboard', 'Clear the clipboard after you have stored them.')
    else toast.bad('The browser did not let us copy', 'Write the codes down, or print or download them.')
  }

  function download() {
    const address = URL.createObjectURL(new Blob([recoveryText(sheet)], { type: 'text/plain' }))
    const link = document.createElement('a')
    link.href = address
    link.download = `restic-manager-recovery-codes-${sheet.date}.txt`
    link.click()
    URL.revokeObjectURL(address)
  }

  return (
    <FieldStack>
      <ul className={styles.codes} aria-label="Recovery codes" data-testid="recovery-codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      {createPortal(<Sheet {...sheet} />, document.body)}
      <div className={styles.keep}>
        <Button icon="copy" onClick={() => void copy()}>
          Copy
        </Button>
        <Button icon="download" onClick={download}>
          Download
        </Button>
        <Button icon="print" onClick={() => window.print()}>
          Print
        </Button>
      </div>
      <Notice tone="warn" title="These codes are shown this once">
        When your code generator or passkey is lost, each lets you in one time, after the password. Keep them
        apart from the password. Codes of before count no more.
      </Notice>
      <Actions>
        <Button look="primary" onClick={onDone}>
          I have stored them
        </Button>
      </Actions>
    </FieldStack>
  )
}

/** What is printed, in place of everything else: outside of whatever frame the codes are shown in. */
function Sheet({ codes, user, site, date }: CodeSheet) {
  return (
    <div className={styles.sheet}>
      <h1>restic-manager recovery codes</h1>
      <p>
        {user} at {site}, made {date}. Each code works once, after the password, in place of the second
        factor.
      </p>
      <ul>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </div>
  )
}

// Run now with a limit for this run alone.

import { useState } from 'react'
import { Button, Dialog, NumberField } from '../../ui'
import { useHost } from './context'

export function RunDialog({ open, onClose, group }: { open: boolean; onClose: () => void; group: string }) {
  const { runNow, routine } = useHost()
  const [limit, setLimit] = useState<number | null>(1024)
  const wrong = limit !== null && limit < 1
  async function run() {
    await runNow([group], limit)
    onClose()
  }
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={`Run ${group} now`}
      size="sm"
      busy={routine.busy !== null}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            icon="play"
            busy={routine.busy !== null}
            disabled={wrong}
            onClick={() => void run()}
          >
            Run
          </Button>
        </>
      }
    >
      <NumberField
        label="Upload at most"
        suffix=" KiB/s"
        value={limit}
        min={1}
        onChange={setLimit}
        error={wrong ? 'At least 1; empty means no limit.' : undefined}
        help="For this run alone; the plan’s own limit stays as it is. Empty: no limit."
      />
    </Dialog>
  )
}

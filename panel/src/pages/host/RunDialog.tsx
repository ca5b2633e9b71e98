// Run now with limits for this run alone.

import { useState } from 'react'
import { BOUNDS, isWhole } from '../../model/whole'
import { Button, Dialog, FieldRow, NumberField } from '../../ui'
import { useHost } from './context'

const HELP =
  'For this run alone, and only slower: where the plan has a limit, the smaller of the two counts. Empty: as the plan says.'

export function RunDialog({ open, onClose, group }: { open: boolean; onClose: () => void; group: string }) {
  const { runNow, routine } = useHost()
  const [upload, setUpload] = useState<number | null>(null)
  const [download, setDownload] = useState<number | null>(null)
  const isWrong = (limit: number | null) => limit !== null && !isWhole(limit, BOUNDS.rate)
  async function run() {
    await runNow([group], { upload_kib_s: upload, download_kib_s: download })
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
            disabled={isWrong(upload) || isWrong(download)}
            onClick={() => void run()}
          >
            Run
          </Button>
        </>
      }
    >
      <FieldRow>
        <LimitField label="Upload at most" value={upload} onChange={setUpload} />
        <LimitField label="Download at most" value={download} onChange={setDownload} />
      </FieldRow>
      <p>{HELP}</p>
    </Dialog>
  )
}

function LimitField(props: {
  label: string
  value: number | null
  onChange: (value: number | null) => void
}) {
  const { label, value, onChange } = props
  return (
    <NumberField
      label={label}
      unit="KiB/s"
      placeholder="as the plan says"
      value={value}
      {...BOUNDS.rate}
      onChange={onChange}
    />
  )
}

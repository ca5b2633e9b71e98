// A check now, and how much of the data it reads this once.

import { useEffect, useState } from 'react'
import { subsetWords } from '../../../model/upkeep'
import { BOUNDS, isWhole } from '../../../model/whole'
import { Button, Dialog, NumberField } from '../../../ui'
import { useHost } from '../context'
import { usePlanEdit } from '../planEdit'

interface Props {
  repository: string | null
  onClose: () => void
  run: (repository: string, percent: number) => Promise<unknown>
}

export function CheckNowDialog({ repository, onClose, run }: Props) {
  const { routine } = useHost()
  const { view } = usePlanEdit()
  const usual = view.plan.maintenance.check_read_data_percent
  const [percent, setPercent] = useState<number | null>(usual)
  const [shown, setShown] = useState('')
  useEffect(() => {
    if (repository === null) return
    setShown(repository)
    setPercent(usual)
  }, [repository, usual])
  const wrong = percent === null || !isWhole(percent, BOUNDS.percent)
  return (
    <Dialog
      open={repository !== null}
      onClose={onClose}
      title={`Check ${shown} now`}
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
            onClick={() => {
              if (percent !== null) void run(shown, percent).then(onClose)
            }}
          >
            Check
          </Button>
        </>
      }
    >
      <NumberField
        label="Reads back"
        unit="% of the data"
        value={percent}
        {...BOUNDS.percent}
        onChange={setPercent}
        error={percent === null ? 'Between 0 and 100.' : undefined}
        help={
          wrong
            ? 'For this run alone.'
            : `For this run alone: ${subsetWords(percent)}. What is read is downloaded.`
        }
      />
    </Dialog>
  )
}

// A running job: how far, how fast, how long still, on which file.

import type { JobView, Progress as Numbers } from '../../api/types.gen'
import { formatBytes, formatCount, formatRate } from '../../model/bytes'
import { formatDuration } from '../../model/time'
import { Duration, Facts, Progress, RelativeTime, Section, Stack } from '../../ui'
import styles from './Job.module.css'

export function JobProgress({ job, progress }: { job: JobView; progress: Numbers | null }) {
  if (job.state === 'queued') {
    return (
      <Section>
        <Stack tight>
          <Progress fraction={null} label="Waiting to begin" />
          <p>
            Queued <RelativeTime at={job.queued_at} />.{' '}
            {job.origin.by === 'retry'
              ? 'A retry begins after its pause, which is twice as long each time.'
              : 'One job at a time works on a repository: it begins when the ones before it are over.'}
          </p>
        </Stack>
      </Section>
    )
  }
  const known = progress !== null && progress.bytes_total > 0
  const percent = known ? `${Math.floor(Math.min(1, progress.fraction) * 100)} %` : 'under way'
  return (
    <Section data-testid="job-progress">
      <Stack>
        <div className={styles.bar}>
          <Progress fraction={known ? progress.fraction : null} label="Progress of the job" />
          <span>{percent}</span>
        </div>
        <Facts
          items={[
            { name: 'Running for', value: <Duration from={job.started_at} /> },
            {
              name: 'Time left',
              value:
                progress?.remaining_s == null
                  ? 'not known yet'
                  : `about ${formatDuration(progress.remaining_s * 1_000)}`,
            },
            {
              name: 'Rate',
              value: progress === null || progress.bytes_per_s === 0 ? '–' : formatRate(progress.bytes_per_s),
            },
            {
              name: 'Bytes',
              value: known
                ? `${formatBytes(progress.bytes_done)} of ${formatBytes(progress.bytes_total)}`
                : '–',
            },
            {
              name: 'Files',
              value:
                progress === null || progress.files_total === 0
                  ? '–'
                  : `${formatCount(progress.files_done)} of ${formatCount(progress.files_total)}`,
            },
            ...(progress !== null && progress.errors > 0
              ? [{ name: 'Could not be read', value: <strong>{formatCount(progress.errors)}</strong> }]
              : []),
          ]}
        />
        <div className={styles.current}>
          <span className={styles.label}>Now</span>
          <span className={styles.files} data-testid="current-file">
            {progress === null || progress.current.length === 0 ? '–' : progress.current.join('\n')}
          </span>
        </div>
      </Stack>
    </Section>
  )
}

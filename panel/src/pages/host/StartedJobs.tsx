// After "run now" on several groups: which jobs began, each with its page.

import { useQueries } from '@tanstack/react-query'
import { Link } from 'react-router'
import { jobQuery } from '../../api/queries'
import { jobTitle } from '../../model/job'
import { paths } from '../../paths'
import { Button, Cluster, Notice } from '../../ui'

export function StartedJobs({
  agent,
  jobs,
  onClose,
}: {
  agent: string
  jobs: readonly string[]
  onClose: () => void
}) {
  const read = useQueries({ queries: jobs.map((job) => jobQuery(agent, job)) })
  if (jobs.length === 0) return null
  return (
    <Notice
      tone="run"
      title={`Started ${jobs.length} jobs; they run one after another`}
      role="status"
      action={
        <Button small look="quiet" onClick={onClose}>
          Close
        </Button>
      }
    >
      <Cluster>
        {jobs.map((job, n) => {
          const data = read[n]?.data
          return (
            <Link key={job} to={paths.job(agent, job)}>
              {data === undefined ? 'A job' : jobTitle(data)}
            </Link>
          )
        })}
      </Cluster>
    </Notice>
  )
}

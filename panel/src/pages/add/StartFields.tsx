// What a new host begins with, the same for an approval and for a token: its repository and its start paths.

import type { RepositoryDraft } from '../../model/repository'
import { RepositoryFields } from '../../parts/RepositoryFields'
import { FieldStack, LinesField } from '../../ui'

export interface Start {
  repository: RepositoryDraft
  /** One path per line, as typed. */
  paths: string
}

interface Props {
  start: Start
  onChange: (start: Start) => void
  problems: Record<string, string>
  hostname: string | null
}

export function StartFields({ start, onChange, problems, hostname }: Props) {
  return (
    <FieldStack>
      <RepositoryFields
        draft={start.repository}
        onChange={(repository) => onChange({ ...start, repository })}
        problems={problems}
        hostname={hostname}
      />
      <LinesField
        label="What to back up"
        required
        help="Absolute paths, one per line. They become the group “default”: daily at 02:00 with up to 15 minutes of jitter, kept 7 days, 4 weeks and 12 months. All of it can be changed later."
        value={start.paths}
        error={problems.paths}
        onChange={(paths) => onChange({ ...start, paths })}
        data-testid="start-paths"
      />
    </FieldStack>
  )
}

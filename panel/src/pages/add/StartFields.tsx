// What a new host begins with, the same for an approval and for a token: its repository, and either start paths or a
// template.

import { useQuery } from '@tanstack/react-query'
import { templatesQuery } from '../../api/queries'
import type { TemplateView } from '../../api/types.gen'
import type { RepositoryDraft } from '../../model/repository'
import { templateWords } from '../../model/template'
import { RepositoryFields } from '../../parts/RepositoryFields'
import { FieldStack, LinesField, Notice, SelectField } from '../../ui'
import { startNotes } from './start'

export interface Start {
  repository: RepositoryDraft
  /** One path per line, as typed. */
  paths: string
  /** Takes the place of the paths. */
  template: TemplateView | null
}

interface Props {
  start: Start
  onChange: (start: Start) => void
  problems: Record<string, string>
  hostname: string | null
}

const PATHS = ''

export function StartFields({ start, onChange, problems, hostname }: Props) {
  const { template } = start
  const templates = useQuery(templatesQuery)
  const known = templates.data ?? []
  return (
    <FieldStack>
      <RepositoryFields
        draft={start.repository}
        onChange={(repository) => onChange({ ...start, repository })}
        problems={problems}
        hostname={hostname}
      />
      {(known.length > 0 || template !== null) && (
        <SelectField
          label="What it does with it"
          value={template?.name ?? PATHS}
          choices={[
            { value: PATHS, label: 'Paths, backed up daily' },
            ...known.map(({ name }) => ({ value: name, label: `The template ${name}` })),
          ]}
          onChange={(name) =>
            onChange({ ...start, template: known.find((one) => one.name === name) ?? null })
          }
          error={problems.template}
          data-testid="start-template"
        />
      )}
      {template === null ? (
        <LinesField
          label="What to back up"
          required
          help="Absolute paths, one per line. They become the group “default”: daily at 02:00 with up to 15 minutes of jitter, kept 7 days, 4 weeks and 12 months. All of it can be changed later."
          value={start.paths}
          error={problems.paths}
          onChange={(paths) => onChange({ ...start, paths })}
          data-testid="start-paths"
        />
      ) : (
        <Notice tone="idle" title={`${template.name}: ${templateWords(template.plan)}`}>
          Everything of it goes to the repository above.
          {startNotes(template).map((note) => (
            <p key={note}>{note}</p>
          ))}
        </Notice>
      )}
    </FieldStack>
  )
}

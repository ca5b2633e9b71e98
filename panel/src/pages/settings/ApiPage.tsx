// The API, to read: every operation by what it is about, who may call it, what goes in and comes out. Made from the
// document that the coordinator itself serves, so it is always that of this version.

import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { useLocation, useSearchParams } from 'react-router'
import { openapiAddress } from '../../api/calls'
import { openapiQuery } from '../../api/queries'
import { ApiDocument, tagsMatching } from '../../model/openapi'
import { withParams } from '../../model/search'
import { paths } from '../../paths'
import {
  Button,
  DownloadButton,
  EmptyState,
  ErrorState,
  LinkButton,
  SearchField,
  Section,
  Skeleton,
  Stack,
} from '../../ui'
import { Operation } from './Operation'

export default function ApiPage() {
  const document = useQuery(openapiQuery)
  const api = useMemo(
    () => (document.data === undefined ? null : new ApiDocument(document.data)),
    [document.data],
  )
  if (api !== null) return <Reader api={api} />
  return document.isError ? (
    <ErrorState error={document.error} retry={() => void document.refetch()} />
  ) : (
    <Skeleton rows={8} label="Loading the description of the API" />
  )
}

function Reader({ api }: { api: ApiDocument }) {
  const [search, setSearch] = useSearchParams()
  const { hash } = useLocation()
  const wanted = search.get('q') ?? ''
  const find = useCallback(
    (q: string) => setSearch((before) => withParams(before, { q }), { replace: true }),
    [setSearch],
  )
  const tags = tagsMatching(api.tags, wanted)
  return (
    <Stack>
      <Section
        title={`The API, version ${api.version}`}
        lead={api.text}
        actions={
          <>
            <LinkButton to={paths.apiTokens} look="quiet">
              API tokens
            </LinkButton>
            <DownloadButton href={openapiAddress} download="restic-manager-openapi.json">
              OpenAPI document
            </DownloadButton>
          </>
        }
      >
        <SearchField
          label="Search the API"
          placeholder="Path, words, problem code"
          text={wanted}
          onSearch={find}
        />
      </Section>
      {tags.map((tag) => (
        <Section key={tag.name} flush title={tag.name} lead={tag.text} data-testid={`api-${tag.name}`}>
          {tag.operations.map((operation) => (
            <Operation
              key={operation.id}
              api={api}
              operation={operation}
              asked={hash === `#${operation.id}`}
            />
          ))}
        </Section>
      ))}
      {tags.length === 0 && (
        <Section>
          <EmptyState
            title={wanted === '' ? 'The document names no operation' : `Nothing matches “${wanted}”`}
            action={wanted !== '' && <Button onClick={() => find('')}>Show everything</Button>}
          />
        </Section>
      )}
    </Stack>
  )
}

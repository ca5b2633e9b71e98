// The durable page of one token: the command while this browser holds the seed, and each host that redeems it as it
// arrives. In another browser, or once it is over, it can be made anew.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useParams } from 'react-router'
import { tokensQuery } from '../../api/queries'
import type { TokenView } from '../../api/types.gen'
import { ArrivalSteps } from '../../parts/ArrivalSteps'
import { InstallCommand } from '../../parts/InstallCommand'
import { TokenDot, tokenState } from '../../parts/tokenState'
import { paths } from '../../paths'
import { readTokenSeed } from '../../seal'
import {
  Button,
  Chip,
  Cluster,
  EmptyState,
  ErrorState,
  ExactTime,
  Facts,
  LinkButton,
  Notice,
  Page,
  RelativeTime,
  Section,
  Skeleton,
  useNow,
} from '../../ui'
import { Revoke } from './TokensPage'

export default function TokenPage() {
  const { token: id = '' } = useParams()
  const tokens = useQuery(tokensQuery)
  const token = tokens.data?.find((one) => one.token === id)
  const trail = [{ to: paths.tokens, label: 'Tokens' }]
  if (token !== undefined) return <Known token={token} />
  return (
    <Page narrow title="Token" trail={trail}>
      {tokens.isError && tokens.data === undefined ? (
        <ErrorState error={tokens.error} retry={() => void tokens.refetch()} />
      ) : tokens.data === undefined ? (
        <Skeleton rows={5} label="Loading the token" />
      ) : (
        <EmptyState
          title="There is no such token"
          action={<LinkButton to={paths.addToken}>Make a new one</LinkButton>}
        >
          It was removed, or the coordinator’s database was lost since: tokens live only there.
        </EmptyState>
      )}
    </Page>
  )
}

function Known({ token }: { token: TokenView }) {
  const now = useNow(15_000)
  const [revoking, setRevoking] = useState(false)
  const state = tokenState(token, now)
  return (
    <Page
      title={`Token for ${token.name_pattern}`}
      trail={[{ to: paths.tokens, label: 'Tokens' }]}
      actions={
        state === 'open' && (
          <>
            <LinkButton to={paths.addTokenLike(token.token)}>Make it anew</LinkButton>
            <Button look="danger" onClick={() => setRevoking(true)}>
              Revoke
            </Button>
          </>
        )
      }
    >
      <Section>
        <Facts
          items={[
            { name: 'State', value: <TokenDot token={token} now={now} /> },
            { name: 'Used', value: `${token.used_by.length} of ${token.uses}` },
            { name: 'Expires', value: <RelativeTime at={token.expires_at} /> },
            {
              name: 'Made',
              value: (
                <>
                  <ExactTime at={token.issued_at} /> by <bdi>{token.made_by}</bdi>
                </>
              ),
            },
            {
              name: 'Begins with',
              value: token.with_plan ? 'a repository and start paths' : 'an empty plan',
            },
            {
              name: 'Tags',
              value:
                token.tags.length === 0 ? (
                  'none'
                ) : (
                  <Cluster>
                    {token.tags.map((tag) => (
                      <Chip key={tag}>{tag}</Chip>
                    ))}
                  </Cluster>
                ),
            },
          ]}
        />
      </Section>
      {state === 'open' ? (
        <Command token={token} />
      ) : (
        <Notice
          tone="idle"
          title={OVER[state]}
          action={<LinkButton to={paths.addTokenLike(token.token)}>Make it anew</LinkButton>}
        >
          {state === 'used'
            ? 'Its hosts are below.'
            : 'Secrets are asked for again: they were sealed to the old one.'}
        </Notice>
      )}
      {token.used_by.map((use) => (
        <Section
          key={use.agent}
          title={use.name}
          lead={
            <>
              redeemed it <RelativeTime at={use.at} />
            </>
          }
          actions={
            <LinkButton small to={paths.host(use.agent)}>
              The host’s page
            </LinkButton>
          }
        >
          <ArrivalSteps agent={use.agent} />
        </Section>
      ))}
      {token.used_by.length === 0 && state === 'open' && (
        <Section>
          <EmptyState title="Waiting for the first host">
            It appears here by itself when it runs the command: connected, repository ready, first snapshot.
          </EmptyState>
        </Section>
      )}
      <Revoke token={revoking ? token : null} onClose={() => setRevoking(false)} />
    </Page>
  )
}

const OVER = {
  used: 'This token is used up',
  expired: 'This token has expired',
  revoked: 'This token was revoked',
} as const

function Command({ token }: { token: TokenView }) {
  const seed = useQuery({
    queryKey: ['token-seed', token.token],
    queryFn: () => readTokenSeed(token.token),
    staleTime: 15_000,
    retry: false,
  })
  if (seed.isPending) return <Skeleton rows={2} />
  if (seed.isError) return <ErrorState error={seed.error} />
  if (seed.data === null) {
    return (
      <Notice
        tone="warn"
        title="Only the browser that made this token has its seed"
        action={<LinkButton to={paths.addTokenLike(token.token)}>Make it anew</LinkButton>}
      >
        The command cannot be shown here: the coordinator never had the seed. Use that browser, or make a new
        token and revoke this one.
      </Notice>
    )
  }
  return (
    <Section
      title="Run this on the host"
      lead="The command holds the token’s seed: treat it as a password until the token is used or expired."
    >
      <InstallCommand token={seed.data} />
    </Section>
  )
}

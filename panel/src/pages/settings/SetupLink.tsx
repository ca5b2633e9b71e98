// A setup link, shown this once: to copy, with the time it has left.

import type { SetupLinkView } from '../../api/types.gen'
import { CopyText, Notice, RelativeTime, Stack, useNow } from '../../ui'

export function SetupLink({ made }: { made: SetupLinkView }) {
  const now = useNow(1_000)
  const expired = made.expires_at <= now
  return (
    <Stack>
      <p>
        Give <bdi>{made.person.name}</bdi> this link by a way that nobody else reads: whoever opens it first
        chooses the password.
      </p>
      <CopyText block text={made.link} what="the setup link" data-testid="setup-link" />
      <Notice
        tone={expired ? 'bad' : 'warn'}
        title={
          expired ? (
            'It opens nothing any more'
          ) : (
            <>
              Good for one use, until it expires <RelativeTime at={made.expires_at} />
            </>
          )
        }
        role="status"
      >
        It is shown only now, and kept nowhere. Lost or expired, make another on the person’s page.
      </Notice>
    </Stack>
  )
}

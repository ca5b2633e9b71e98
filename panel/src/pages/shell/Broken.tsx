// A page that failed to load or to draw itself.

import { useRouteError } from 'react-router'
import { Button, ErrorState, Stack, useTitle } from '../../ui'
import styles from './Shell.module.css'

export function Broken() {
  const error = useRouteError()
  useTitle('Something went wrong')
  // After an update of the coordinator the old page's chunks are gone.
  const outdated = error instanceof TypeError && /import|module|fetch/i.test(error.message)
  return (
    <div className={styles.alone}>
      <Stack>
        <ErrorState
          title={outdated ? 'The panel was updated meanwhile' : 'This page failed'}
          error={
            new Error(
              outdated
                ? 'A part of this page is no longer there, or the coordinator does not answer. Reload to get the current one.'
                : `${error instanceof Error ? error.message : 'Something unexpected happened.'} Reload the page; if it happens again, report it with what you did.`,
            )
          }
        />
        <div>
          <Button look="primary" icon="refresh" onClick={() => window.location.reload()}>
            Reload
          </Button>
        </div>
      </Stack>
    </div>
  )
}

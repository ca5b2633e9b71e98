// Templates: plans that were kept to be given to hosts. Look at one, give it to hosts, rename or delete it.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { deleteTemplate, putTemplate } from '../../api/calls'
import { key, templatesQuery } from '../../api/queries'
import type { TemplateView } from '../../api/types.gen'
import { changes, NO_PLAN } from '../../model/plan'
import { templateNamed, templateNameProblem, templateWords } from '../../model/template'
import { useLack } from '../../parts/Allowed'
import { PlanDiff } from '../../parts/PlanDiff'
import { paths } from '../../paths'
import {
  Button,
  Cluster,
  type Column,
  ConfirmDialog,
  DataTable,
  Dialog,
  EmptyState,
  ErrorState,
  LinkButton,
  Page,
  RelativeTime,
  Section,
  Skeleton,
  toast,
} from '../../ui'
import { NameDialog } from '../host/NameDialog'

type Asking = { what: 'look' | 'rename' | 'delete'; template: TemplateView } | null

export default function TemplatesPage() {
  const templates = useQuery(templatesQuery)
  const [asking, setAsking] = useState<Asking>(null)
  const lack = useLack('operator', 'give, rename or delete templates')
  return (
    <Page
      title="Templates"
      lead="What is backed up, when, and how long it is kept, to be given to many hosts. Each keeps its own repository."
    >
      <Section flush>
        {templates.data === undefined && templates.isError ? (
          <ErrorState error={templates.error} retry={() => void templates.refetch()} />
        ) : templates.data === undefined ? (
          <Skeleton rows={4} label="Loading the templates" />
        ) : (
          <DataTable
            label="Templates"
            rows={templates.data}
            columns={templateColumns(lack, setAsking)}
            rowKey={({ name }) => name}
            rowTestId={({ name }) => `template-${name}`}
            empty={
              <EmptyState
                title="No template yet"
                action={<LinkButton to={paths.fleet}>To the hosts</LinkButton>}
              >
                Set one host up as it should be, then choose “Save as a template…” above its groups.
              </EmptyState>
            }
          />
        )}
      </Section>
      <Dialogs asking={asking} close={() => setAsking(null)} all={templates.data ?? []} />
    </Page>
  )
}

function templateColumns(lack: string | undefined, ask: (asking: Asking) => void): Column<TemplateView>[] {
  return [
    { id: 'name', header: 'Name', cell: ({ name }) => <strong>{name}</strong> },
    { id: 'what', header: 'Holds', cell: ({ plan }) => templateWords(plan) },
    { id: 'by', header: 'Saved by', width: '9rem', hideBelow: 'lg', cell: ({ made_by }) => made_by },
    {
      id: 'at',
      header: 'Changed',
      width: '9rem',
      hideBelow: 'md',
      cell: ({ changed_at }) => <RelativeTime at={changed_at} />,
    },
    {
      id: 'act',
      header: 'What one can do',
      headerHidden: true,
      width: '25rem',
      align: 'end',
      cell: (template) => (
        <Cluster end>
          <LinkButton
            small
            to={paths.applyTemplate(template.name)}
            blocked={lack}
            aria-label={`Give to hosts…: ${template.name}`}
          >
            Give to hosts…
          </LinkButton>
          <Button
            small
            look="quiet"
            onClick={() => ask({ what: 'look', template })}
            aria-label={`Look at ${template.name}`}
          >
            Look
          </Button>
          <Button
            small
            look="quiet"
            blocked={lack}
            onClick={() => ask({ what: 'rename', template })}
            aria-label={`Rename… ${template.name}`}
          >
            Rename…
          </Button>
          <Button
            small
            look="quiet"
            blocked={lack}
            onClick={() => ask({ what: 'delete', template })}
            aria-label={`Delete… ${template.name}`}
          >
            Delete…
          </Button>
        </Cluster>
      ),
    },
  ]
}

function Dialogs({
  asking,
  close,
  all,
}: {
  asking: Asking
  close: () => void
  all: readonly TemplateView[]
}) {
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const name = asking?.template.name ?? ''

  async function act(what: string, work: () => Promise<void>) {
    setBusy(true)
    try {
      await work()
      close()
    } catch (error) {
      toast.failed(`The template was not ${what}`, error)
    } finally {
      setBusy(false)
      void queries.invalidateQueries({ queryKey: key.templates })
    }
  }

  return (
    <>
      <Dialog
        open={asking?.what === 'look'}
        onClose={close}
        title={`The template ${name}`}
        size="lg"
        actions={<Button onClick={close}>Close</Button>}
      >
        {asking !== null && (
          <PlanDiff
            // Its repositories are names alone; where they lie is each host's own.
            changes={changes(
              { ...NO_PLAN, repositories: asking.template.plan.repositories },
              asking.template.plan,
            )}
            label={`What ${name} holds`}
            whole
          />
        )}
      </Dialog>
      <NameDialog
        open={asking?.what === 'rename'}
        onClose={close}
        title={`Rename ${name}`}
        verb="Rename"
        start={name}
        taken={[]}
        check={(wanted) => {
          const there = templateNamed(all, wanted)
          return there === undefined || there.name === name
            ? templateNameProblem(wanted)
            : 'That name is taken.'
        }}
        help="Hosts that were given it keep what they have."
        onName={(to) =>
          void act('renamed', async () => {
            if (asking === null) return
            // Under the new name first: whatever fails, it is there under one of them.
            const { template } = asking
            const isSame = to.toLowerCase() === name.toLowerCase()
            await putTemplate(to, { plan: template.plan }, isSame ? template : undefined)
            if (!isSame) await deleteTemplate(template)
          })
        }
      />
      <ConfirmDialog
        open={asking?.what === 'delete'}
        onClose={close}
        title={`Delete the template ${name}?`}
        verb="Delete"
        danger
        busy={busy}
        onConfirm={() =>
          void act('deleted', async () => {
            if (asking !== null) await deleteTemplate(asking.template)
          })
        }
      >
        <p>Hosts that were given it keep what they have. The template itself cannot be brought back.</p>
      </ConfirmDialog>
    </>
  )
}

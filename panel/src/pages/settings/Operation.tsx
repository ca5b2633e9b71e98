// One operation of the API: a line that opens. What is inside is drawn when it is asked for.

import { useEffect, useRef, useState } from 'react'
import {
  type ApiAnswer,
  type ApiDocument,
  type ApiField,
  type ApiOperation,
  codeIn,
} from '../../model/openapi'
import { Badge, Chip, CopyText } from '../../ui'
import styles from './Api.module.css'

interface Props {
  api: ApiDocument
  operation: ApiOperation
  /** The address leads to it. */
  asked: boolean
}

export function Operation({ api, operation, asked }: Props) {
  const [open, setOpen] = useState(asked)
  const frame = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    if (!asked) return
    setOpen(true)
    frame.current?.scrollIntoView({ block: 'start' })
  }, [asked])
  const { id, method, path, summary, text, byToken, parameters, body, answers } = operation
  return (
    <details
      ref={frame}
      id={id}
      className={styles.operation}
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <span className={styles.method} data-method={method}>
          {method}
        </span>
        <code>{path}</code>
        <span className={styles.summary}>
          <Prose text={summary} />
        </span>
      </summary>
      {open && (
        <div className={styles.inside}>
          <p>
            <Prose text={text} /> {byToken && <Badge>API token or session</Badge>}
          </p>
          {parameters.length > 0 && (
            <Fields
              title="Parameters"
              rows={parameters.map(({ name, where, type, required, text }) => ({
                ...{ depth: 0, name, type, required },
                text: `in ${where}${text === '' ? '' : ` · ${text}`}`,
              }))}
            />
          )}
          {body !== null && (
            <>
              <Fields
                title={`Body: ${api.typeOf(body.schema)}${body.required ? '' : ', may be left out'}`}
                rows={api.fieldsOf(body.schema)}
              />
              <Example value={body.example} what="the example of the body" />
            </>
          )}
          {answers.map((answer) => (
            <Answer key={answer.status} api={api} answer={answer} />
          ))}
        </div>
      )}
    </details>
  )
}

function Answer({ api, answer }: { api: ApiDocument; answer: ApiAnswer }) {
  const { status, text, codes, schema, example } = answer
  const good = status.startsWith('2')
  return (
    <div className={styles.answer}>
      <h4>
        <Badge tone={good ? 'ok' : 'warn'}>{status === 'default' ? 'otherwise' : status}</Badge>
        {codes.length === 0 && (
          <span>
            <Prose text={text} />
          </span>
        )}
        {codes.map((code) => (
          <Chip key={code} mono>
            {code}
          </Chip>
        ))}
        {good && schema !== undefined && <code>{api.typeOf(schema)}</code>}
      </h4>
      {good && <Fields title={null} rows={api.fieldsOf(schema)} />}
      {good && <Example value={example} what="the example of the answer" />}
    </div>
  )
}

function Fields({ title, rows }: { title: string | null; rows: readonly ApiField[] }) {
  return (
    <>
      {title !== null && <h4>{title}</h4>}
      {rows.length > 0 && (
        <ul className={styles.fields} aria-label={title ?? 'What comes back'}>
          {rows.map(({ depth, name, type, required, text }, place) => (
            <li
              // biome-ignore lint/suspicious/noArrayIndexKey: a document does not change, and names come twice
              key={place}
              style={{ paddingInlineStart: `${depth * 1.25}rem` }}
            >
              <code className={styles.name}>{name}</code> <code className={styles.type}>{type}</code>{' '}
              {required && <span className={styles.required}>required</span>}
              {text !== '' && (
                <span className={styles.text}>
                  <Prose text={text} />
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

/** The document's words, with what stands between backticks as code. */
function Prose({ text }: { text: string }) {
  return codeIn(text).map(({ at, words, isCode }) => (isCode ? <code key={at}>{words}</code> : words))
}

function Example({ value, what }: { value: unknown; what: string }) {
  if (value === undefined) return null
  return (
    <details className={styles.example}>
      <summary>Example</summary>
      <CopyText block text={JSON.stringify(value, null, 2)} what={what} />
    </details>
  )
}

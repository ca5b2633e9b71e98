// A job's log: only the lines in view are drawn, so that 100,000 stay smooth. Follows the end until one scrolls up.
// Knows lines; must not know where they come from.

import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { LogLine, LogStream } from '../api/types.gen'
import { formatCount } from '../model/bytes'
import { hookLine, plainText } from '../model/log'
import { formatExact, isoTime } from '../model/time'
import { Button, SwitchField } from '../ui'
import styles from './JobLog.module.css'

const LINE_PX = 20
/** Closer than this to the end counts as at the end. */
const END_PX = 28

const STREAMS: Readonly<Record<LogStream, string>> = { agent: 'agent', stdout: 'out', stderr: 'err' }

interface LogProps {
  /** In order; `count` changes whenever lines came. */
  lines: readonly LogLine[]
  count: number
  /** Stands where lines should be when there are none. */
  empty: ReactNode
  /** Beside the count, such as downloads. */
  tools?: ReactNode
  running: boolean
}

export function JobLog({ lines, count, empty, tools, running }: LogProps) {
  const [wrap, setWrap] = useState(() => window.innerWidth < 700)
  const scroll = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroll.current,
    estimateSize: () => LINE_PX,
    overscan: 24,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: other heights when lines wrap
  useEffect(() => virtualizer.measure(), [wrap])
  const follow = useFollow(scroll, count, wrap, () => virtualizer.scrollToIndex(count - 1, { align: 'end' }))

  return (
    <div>
      <div className={styles.tools}>
        <span data-testid="log-count">
          {formatCount(count)} {count === 1 ? 'line' : 'lines'}
          {running && (follow.on ? ' · following' : ' · held where you scrolled')}
        </span>
        <SwitchField label="Wrap long lines" checked={wrap} onChange={setWrap} />
        {tools}
      </div>
      <div className={styles.log}>
        <section
          ref={scroll}
          className={styles.scroll}
          aria-label="Log"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
          tabIndex={0}
          onScroll={follow.scrolled}
        >
          {count === 0 ? (
            <div className={styles.empty}>{empty}</div>
          ) : (
            <div className={styles.lines} style={{ height: virtualizer.getTotalSize() }}>
              {virtualizer.getVirtualItems().map((item) => {
                const line = lines[item.index]
                return line === undefined ? null : (
                  <div
                    key={item.key}
                    ref={virtualizer.measureElement}
                    data-index={item.index}
                    data-wrap={wrap}
                    className={styles.line}
                    style={{ transform: `translateY(${item.start}px)` }}
                  >
                    <Line line={line} />
                  </div>
                )
              })}
            </div>
          )}
        </section>
        {!follow.on && count > 0 && (
          <div className={styles.foot}>
            <Button small icon="down" onClick={follow.toEnd}>
              Jump to the end{follow.unseen > 0 ? ` (${formatCount(follow.unseen)} new)` : ''}
            </Button>
          </div>
        )}
      </div>
    </div>
  )
}

function Line({ line }: { line: LogLine }) {
  const text = plainText(line.text)
  const hook = hookLine(text)
  return (
    <>
      <time dateTime={isoTime(line.at)} title={formatExact(line.at)}>
        {clockTime(line.at)}
      </time>
      <span
        className={styles.stream}
        data-stream={hook === null ? line.stream : 'hook'}
        title={hook === null ? undefined : `Printed by the ${hook.hook}-hook`}
      >
        {hook === null ? STREAMS[line.stream] : hook.hook}
      </span>
      <span className={styles.text} data-stream={hook === null ? line.stream : 'hook'}>
        {hook === null ? text : hook.text}
      </span>
    </>
  )
}

/** Stays at the end while lines come, until the reader scrolls up; back at the end it follows again. */
function useFollow(
  scroll: React.RefObject<HTMLElement | null>,
  count: number,
  wrap: boolean,
  scrollToEnd: () => void,
) {
  const [on, setOn] = useState(true)
  const lastTop = useRef(0)
  const seen = useRef(0)
  const end = useRef(scrollToEnd)
  end.current = scrollToEnd
  if (on) seen.current = count

  // biome-ignore lint/correctness/useExhaustiveDependencies: wrapping moves the end as well
  useLayoutEffect(() => {
    if (!on || count === 0) return
    end.current()
    // Heights of wrapped lines are known only once they are drawn.
    const frame = requestAnimationFrame(() => end.current())
    return () => cancelAnimationFrame(frame)
  }, [on, count, wrap])

  return {
    on,
    unseen: count - seen.current,
    toEnd: () => setOn(true),
    scrolled: () => {
      const element = scroll.current
      if (element === null) return
      const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < END_PX
      // Growing content moves the end away without anybody scrolling: only a move up is the reader's.
      if (element.scrollTop < lastTop.current && !atEnd) setOn(false)
      else if (atEnd) setOn(true)
      lastTop.current = element.scrollTop
    },
  }
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

function clockTime(at: number): string {
  return clock.format(at)
}

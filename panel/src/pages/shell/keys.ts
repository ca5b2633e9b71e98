// The keyboard: `/` search, `g f` and friends, `?` help. Silent while something is being typed or a dialog is open.

import { useEffect, useRef } from 'react'
import { useNavigate } from 'react-router'
import { paths } from '../../paths'

/** Two strokes, the second within this time. */
const SECOND_STROKE_MS = 1_200

export const GO: readonly { stroke: string; to: string; what: string }[] = [
  { stroke: 'f', to: paths.fleet, what: 'Fleet' },
  { stroke: 'a', to: paths.addHost, what: 'Add host' },
  { stroke: 'p', to: paths.templates, what: 'Templates of plans' },
  { stroke: 't', to: paths.tokens, what: 'Tokens' },
  { stroke: 'u', to: paths.audit, what: 'Audit' },
  { stroke: 'c', to: paths.account, what: 'Account' },
  { stroke: 's', to: paths.settings, what: 'Settings' },
]

export function useKeys({ help }: { help: () => void }) {
  const navigate = useNavigate()
  const calls = useRef({ help, navigate })
  useEffect(() => {
    calls.current = { help, navigate }
  })
  useEffect(() => {
    let leader = 0
    function press(event: KeyboardEvent) {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || busy(event.target))
        return
      if (event.key === '?') {
        event.preventDefault()
        calls.current.help()
      } else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('input[type="search"]')
        event.preventDefault()
        if (search === null) calls.current.navigate(`${paths.fleet}#search`)
        else search.focus()
      } else if (event.key === 'g') {
        leader = event.timeStamp
        return
      } else if (leader > 0 && event.timeStamp - leader < SECOND_STROKE_MS) {
        const go = GO.find(({ stroke }) => stroke === event.key)
        if (go !== undefined) {
          event.preventDefault()
          calls.current.navigate(go.to)
        }
      }
      leader = 0
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
}

function busy(target: EventTarget | null): boolean {
  if (document.querySelector('[role="dialog"]') !== null) return true
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.closest('input, textarea, select, [role="textbox"], [role="combobox"]') !== null)
  )
}
